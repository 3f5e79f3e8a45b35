import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;

/** Greets every name it is sent: one line in, one line out. */
class Greeter {
    public static void main(String[] args) throws IOException {
        // System.out would write in the encoding of the locale, and a program here has none.
        var in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        var out = new PrintStream(System.out, true, UTF_8);

        for (String name; (name = in.readLine()) != null; ) {
            out.println("Hello " + name + "!");
        }
    }
}
