/** The public face of the controller: its API as a type, for those who call it, and the way to serve it. */
export type { ApiRouter } from './api/router.ts'
export {
  serveController,
  type ControllerOptions,
  type ControllerServed,
  type ControllerTime,
  type RunningController,
} from './serve-controller.ts'
export { moveStore, type Moved } from './store/move-store.ts'
export { databaseUrlOf } from './store/postgres/given-url.ts'
