// Greets every name it is sent: one line in, one line out.
import Foundation

while let name = readLine() {
    print("Hello \(name)!")
    fflush(nil)
}
