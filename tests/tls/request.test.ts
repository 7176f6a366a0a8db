// Requests for certificates against OpenSSL, both ways.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { HARDWARE_TYPE } from "../../host/tls/authority.ts";
import { toPem } from "../../host/tls/pem.ts";
import { makeRequest } from "../../host/tls/request.ts";
import { device, filesOf } from "./peers.ts";

test("OpenSSL verifies our request and reads its name", (context) => {
  const { chain } = filesOf(context, device());
  const path = `${chain}.csr`;
  writeFileSync(path, toPem("CERTIFICATE REQUEST", makeRequest(device().privateKey, HARDWARE_TYPE, Buffer.from("77"))));
  const text = execFileSync("openssl", ["req", "-in", path, "-noout", "-verify", "-text"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  assert.match(text, /Subject Alternative Name: critical/);
  assert.match(text, /1\.3\.6\.1\.5\.5\.7\.8\.4/);
});
