import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Shows what the program knows of its client: the CGI variables, then the request's headers. */
class DumpEnv {
    static final List<String> NAMES = List.of(
            "SERVER_SOFTWARE", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT",
            "SERVER_PROTOCOL", "GATEWAY_INTERFACE", "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "PATH_TRANSLATED",
            "QUERY_STRING", "REQUEST_URI", "UNIQUE_ID", "AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_IDENT",
            "REMOTE_USER", "HTTPS");

    public static void main(String[] args) {
        Map<String, String> environment = new TreeMap<>(System.getenv());

        for (String name : NAMES) {
            System.out.println(name + "=" + environment.getOrDefault(name, "<unset>"));
        }
        environment.forEach((name, value) -> {
            if (name.startsWith("HTTP_")) {
                System.out.println(name + "=" + value);
            }
        });
    }
}
