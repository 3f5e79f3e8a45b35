//! Shows what the program knows of its client: the CGI variables, then the request's headers.
use std::{collections::BTreeMap, env};

const NAMES: &str = "
    SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL
    GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI
    UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS";

fn main() {
    let environment: BTreeMap<String, String> = env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()))
        .collect();

    for name in NAMES.split_whitespace() {
        let value = environment.get(name).map_or("<unset>", String::as_str);
        println!("{name}={value}");
    }
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("HTTP_")) {
        println!("{name}={value}");
    }
}
