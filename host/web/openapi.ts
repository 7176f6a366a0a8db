// docs/openapi.json: what the interface has, for programs, made of the rows that the server answers by.
import { WEB_PORT } from "../home/run_options.ts";
import { ERROR } from "./answers.ts";
import { LIVE, OPENAPI_PATH, ROUTES, type Route } from "./routes.ts";
import { COMPONENTS, type Shape } from "./shapes.ts";

type Json = Record<string, unknown>;

function parametersOf({ path, query }: Route): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  const properties = (query?.schema.properties ?? {}) as Record<string, Json>;
  return [...inPath, ...Object.entries(properties).map(([name, schema]) => ({ name, in: "query", schema }))];
}

function contentOf(answer: Shape<unknown> | string): Json {
  if (typeof answer !== "string") return { "application/json": { schema: answer.schema } };
  return { [answer]: { schema: answer === LIVE ? { type: "string" } : { type: "string", contentMediaType: answer } } };
}

function operation(route: Route): Json {
  const { method, about, body, answer } = route;
  const parameters = parametersOf(route);
  return {
    summary: about,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: { "application/json": { schema: body.schema } } } } : {}),
    ...(method === "POST" ? { security: [{ token: [] }] } : {}),
    responses: {
      200: { description: about, content: contentOf(answer) },
      "4XX": { description: "refused, and why", content: { "application/json": { schema: ERROR.schema } } },
    },
  };
}

export function openapi(): Json {
  const paths: Record<string, Json> = {};
  for (const route of ROUTES) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  paths[OPENAPI_PATH] = {
    get: {
      summary: "this document",
      responses: { 200: { description: "OpenAPI 3.1", content: { "application/json": { schema: { type: "object" } } } } },
    },
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "A home of kilowasm",
      version: "1",
      description: "What npm start --web serves on the loopback interface: docs/web.md.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: `http://127.0.0.1:${WEB_PORT}` }],
    paths,
    components: {
      schemas: Object.fromEntries(COMPONENTS),
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "what stands behind # in the URL that the run prints" } },
    },
  };
}
