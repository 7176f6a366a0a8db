// `npm test`: the runner itself is read by tsx, and nothing that it starts inherits that.
(await import("tsx/esm/api")).register();
await import("./test.ts");
