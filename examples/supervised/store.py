# Answers every request with the stock, at the port that it is given.
import http.server
import os


class Store(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("stock.txt", "rb") as stock:
            body = stock.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass  # a check every two seconds would fill the log


http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Store).serve_forever()
