import { connect } from './connection';

// For pages that load the client by <script src>.
Object.assign(globalThis, { websocketd: { connect } });
