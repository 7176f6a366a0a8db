// Modules put together octet by octet, as tests make them.
export * from "../../host/wasm_bytes.ts";
