import { call } from './pow';

// For pages that load it by <script src>, and perhaps another script of ours.
(globalThis.websocketd ??= {}).call = call;
