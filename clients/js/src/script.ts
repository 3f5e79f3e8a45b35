import { connect } from './connection';

// For pages that load the client by <script src>, and perhaps another script of ours.
(globalThis.websocketd ??= {}).connect = connect;
