// Counts from 1 to 10, one number every half second.
import Foundation

for number in 1...10 {
    print(number)
    fflush(nil)
    Thread.sleep(forTimeInterval: 0.5)
}
