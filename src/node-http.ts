/** node:http. An import statement names all that it exports, and so loads the fetch and the WebSocket of Node with it: 7 MB. */
export const { createServer, request, ServerResponse } = process.getBuiltinModule('node:http')
