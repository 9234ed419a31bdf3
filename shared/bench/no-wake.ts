/**
 * Preloaded into a service, this keeps its commits from waking the outbox worker, so that only the
 * poll finds their events: the way of most tutorials.
 */
const post = Worker.prototype.postMessage;

Worker.prototype.postMessage = function postUnlessWake(message: unknown, ...rest: unknown[]) {
  const { type } = Object(message) as { type?: unknown };
  if (type === "wake") return;
  Reflect.apply(post, this, [message, ...rest]);
};
