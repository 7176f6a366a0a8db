// Answers a request from a device's model: whether there is such a resource, who may, and the document.
//
//   serveFind -> the device looks whether the numbers name something, and whose it is -> serveMethod -> serveGet | what was told is taken
import { Err } from "../core/err";
import { BODY_MAX } from "./limits";
import { Format } from "./document/format";
import { documentBegin, documentClose, documentEnd, documentNumber, documentOpen, documentText } from "./document/writer";
import { ACCEPT_ANY, ACCEPT_EXI, ACCEPT_XML, Method, requestPath } from "./http/request";
import { exchange } from "./http/server";
import { asked, resourceFind, resourcePath, resourcePathAt, resourceTake, resourceThing } from "./resource";
import { METHODS, OWNER, REGISTERED, RIGHTS } from "./rights";
import { Name } from "./schema/names";
import { template, templateBegin, templateNext, templatePut } from "./template";
import { ABSENT, LIST_LINK } from "./template_rows";

/** Finds what is asked for, in `asked`; 0, or the status of the refusal of who has shown so much. */
export function serveFind(standing: u32): u32 {
  let request = exchange.request;
  let found = resourceFind(requestPath(request), request.pathSize);
  if (found != 0) return found;
  return standing < min<u32>(asked.rights & RIGHTS, REGISTERED) ? 403 : 0;
}

/** Whether only its owner may. */
export function serveIsOwned(): bool { return (asked.rights & RIGHTS) == OWNER; }

/** Whether the resource has the method, and we the type that is wanted or given: 0 or a status. */
export function serveMethod(): u32 {
  let request = exchange.request;
  if (!(asked.rights & METHODS & 1 << request.method)) {
    exchange.allow = asked.rights & METHODS;
    return 405;
  }
  let accepts: u32 = request.accepts;
  exchange.isExi = (accepts & (ACCEPT_EXI | ACCEPT_XML)) == ACCEPT_EXI; // of who takes both it is XML, as people read it
  if (accepts != 0 && !(accepts & (ACCEPT_XML | ACCEPT_EXI | ACCEPT_ANY))) return 406;
  if (request.method != Method.Post && request.method != Method.Put) return 0;
  return request.bodyType == ACCEPT_XML || request.bodyType == ACCEPT_EXI ? 0 : 415;
}

function format(): u32 { return exchange.isExi ? Format.Exi : Format.Xml; }

/** Writes the document of what was found: a status. */
export function serveGet<Model>(model: Model, now: i64): u32 {
  let size = asked.item != 0 ? list<Model>(model, now) : one<Model>(model, now);
  exchange.size = <u32>max(size, 0);
  return size < 0 ? 500 : 200;
}

function one<Model>(model: Model, now: i64): i32 {
  documentBegin(format(), asked.type, exchange.body, BODY_MAX);
  documentText(Name.href, resourcePathAt, resourcePath(asked.row));
  members<Model>(model, now);
  return documentEnd();
}

/** As many as fit: a client asks again for the rest, section 6.6.2. */
function list<Model>(model: Model, now: i64): i32 {
  let row = asked.row;
  let type = asked.type;
  resourceTake(asked.item);
  let all = count<Model>(model, asked.thing, now);
  let first = min(asked.start, all);
  while (first < all && model.item(asked.thing, first, now) && model.isBefore(asked.thing, asked.after)) first++;
  let results = min(asked.limit, all - first) + 1;
  let size: i32 = Err.NoBuffer;
  while (size < 0 && results > 0) {
    results--;
    documentBegin(format(), type, exchange.body, BODY_MAX);
    documentNumber(Name.all, all);
    documentText(Name.href, resourcePathAt, resourcePath(row));
    documentNumber(Name.results, results);
    for (let index: u32 = 0; index < results; index++) {
      model.item(asked.thing, first + index, now);
      documentOpen(asked.name);
      documentText(Name.href, resourcePathAt, resourcePath(asked.row));
      members<Model>(model, now);
      documentClose();
    }
    size = documentEnd();
  }
  return size;
}

function members<Model>(model: Model, now: i64): void {
  for (templateBegin(asked.template); templateNext();) {
    templatePut(template.kind == LIST_LINK ? linked<Model>(model, now) : model.value(template.argument, now));
  }
}

/** How much is in a list that a link leads to. */
function linked<Model>(model: Model, now: i64): i64 {
  let thing = resourceThing(template.argument);
  return model.isHidden(thing) ? ABSENT : count<Model>(model, thing, now);
}

function count<Model>(model: Model, thing: u32, now: i64): u32 {
  let all: u32 = 0;
  while (model.item(thing, all, now)) all++;
  return all;
}
