// The same with room for few values.
export * from "./documents";
