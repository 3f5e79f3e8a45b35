/** What pages that load our scripts by <script src> have. */
declare var websocketd: Record<string, unknown>;
