// A step of the AssemblyScript compiler (its transform interface): tables that a module only reads leave its memory.
//
//   const NAMES = constant<u8>([1, 2, 3])         each becomes the offset of its octets in the module's custom section `constants`,
//   const KWH = constantText(" kWh")              from where constant_read (docs/abi.md) brings them in pieces
//
// assembly/core/constants.ts declares both.  An element is a whole number made of literals, constants, members of enums and other tables.
// Octet 0 of the section is no table's, so that offset 0 can mean none.  Equal octets lie there once.
// JavaScript, because asc and as-pect load it by its name as well.
import { CommonFlags, DiagnosticCode, ElementKind, LiteralKind, Node, NodeKind, SourceKind, Token } from "assemblyscript";

const SECTION = "constants";
/** KW_GATE_CONSTANTS_MAX. */
const SIZE_MAX = 32768;
const TEXT_MAX = 255;
const DECLARED = /(^|\/)core\/constants\/(constant|constantText)$/;
const WIDTH = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, usize: 4, isize: 4, u64: 8, i64: 8 };
const BINARY = new Map([
  [Token.Plus, (a, b) => a + b],
  [Token.Minus, (a, b) => a - b],
  [Token.Asterisk, (a, b) => a * b],
  [Token.LessThan_LessThan, (a, b) => a << b],
  [Token.GreaterThan_GreaterThan, (a, b) => a >> b],
  [Token.GreaterThan_GreaterThan_GreaterThan, (a, b) => a >> b],
  [Token.Ampersand, (a, b) => a & b],
  [Token.Bar, (a, b) => a | b],
  [Token.Caret, (a, b) => a ^ b],
]);

class Misuse extends Error {
  constructor(node, message) {
    super(message);
    this.node = node;
  }
}

/** Which of the two a call is; undefined for any other expression. */
function tableKind(node, file) {
  if (node?.kind !== NodeKind.Call || node.expression.kind !== NodeKind.Identifier) return undefined;
  return DECLARED.exec(file.lookup(node.expression.text)?.internalName ?? "")?.[2];
}

/** Every node below a node, itself first. */
function* nodes(node) {
  if (Array.isArray(node)) for (const each of node) yield* nodes(each);
  if (!(node instanceof Node)) return;
  yield node;
  for (const [key, value] of Object.entries(node)) if (key !== "range" && typeof value === "object") yield* nodes(value);
}

function sourceText(node) {
  return node.range.source.text.substring(node.range.start, node.range.end);
}

export default class ConstantTables {
  octets = Buffer.alloc(1);
  /** What is known of a declaration: its offset, or undefined while it is being worked out. */
  offsets = new Map();
  /** Of enums that were looked into, each member's number. */
  members = new Map();

  afterInitialize(program) {
    const user = program.sources.filter((source) => source.sourceKind === SourceKind.User || source.sourceKind === SourceKind.UserEntry);
    const report = (action) => {
      try {
        action();
      } catch (error) {
        if (!(error instanceof Misuse)) throw error;
        program.error(DiagnosticCode.User_defined_0, error.node.range, error.message);
      }
    };
    for (const source of user) {
      const file = program.filesByName.get(source.internalPath);
      const variables = source.statements.filter((statement) => statement.kind === NodeKind.Variable);
      const tables = variables.flatMap((statement) => statement.declarations).filter((each) => tableKind(each.initializer, file));
      for (const declaration of tables) report(() => this.offsetOf(declaration, file));
      const allowed = new Set(tables.map((declaration) => declaration.initializer));
      for (const node of nodes(source.statements)) {
        if (!allowed.has(node) && tableKind(node, file))
          report(() => misuse(node, "a constant table is the whole value of a const at the top level of a file"));
      }
    }
    for (const [declaration, offset] of this.offsets)
      declaration.initializer = Node.createIntegerLiteralExpression(globalThis.i64_new(offset ?? 0, 0), declaration.initializer.range);
  }

  /** Before the optimiser, which leaves custom sections alone. */
  afterCompile(module) {
    if (this.octets.length > 1) module.addCustomSection(SECTION, this.octets);
  }

  offsetOf(declaration, file) {
    if (this.offsets.has(declaration)) return this.offsets.get(declaration) ?? misuse(declaration, "a table that contains its own offset");
    this.offsets.set(declaration, undefined);
    if (!(declaration.flags & CommonFlags.Const)) misuse(declaration, "a constant table belongs to a const");
    const call = declaration.initializer;
    const octets = tableKind(call, file) === "constant" ? this.table(call, file) : text(call);
    let offset = this.octets.indexOf(octets, 1);
    if (offset < 0) {
      offset = this.octets.length;
      this.octets = Buffer.concat([this.octets, octets]);
    }
    if (this.octets.length > SIZE_MAX) misuse(call, `the constant tables of a module have at most ${SIZE_MAX} octets`);
    this.offsets.set(declaration, offset);
    return offset;
  }

  table(call, file) {
    const [type] = call.typeArguments ?? [];
    const width = type && WIDTH[sourceText(type)];
    if (!width) misuse(call, `a constant table has a type of whole numbers: constant<u8>([...])`);
    const [list] = call.args;
    if (call.args.length !== 1 || list.literalKind !== LiteralKind.Array || list.elementExpressions.length === 0)
      misuse(call, "a constant table is given one list of at least one number");
    const octets = Buffer.alloc(width * list.elementExpressions.length);
    for (const [index, element] of list.elementExpressions.entries()) {
      const value = this.value(element, file);
      if (value !== BigInt.asUintN(8 * width, value) && value !== BigInt.asIntN(8 * width, value))
        misuse(element, `${value} does not fit into ${sourceText(type)}`);
      const unsigned = BigInt.asUintN(8 * width, value);
      for (let at = 0; at < width; at++) octets[index * width + at] = Number((unsigned >> BigInt(8 * at)) & 0xffn);
    }
    return octets;
  }

  value(node, file) {
    switch (node.kind) {
      case NodeKind.Parenthesized:
        return this.value(node.expression, file);
      case NodeKind.Literal:
        if (node.literalKind === LiteralKind.Integer) return BigInt(sourceText(node).replaceAll("_", ""));
        break;
      case NodeKind.UnaryPrefix: {
        const value = this.value(node.operand, file);
        if (node.operator === Token.Minus) return -value;
        if (node.operator === Token.Tilde) return ~value;
        break;
      }
      case NodeKind.Binary: {
        const operation = BINARY.get(node.operator);
        if (operation) return operation(this.value(node.left, file), this.value(node.right, file));
        break;
      }
      case NodeKind.Identifier:
        return this.named(node, file.lookup(node.text));
      case NodeKind.PropertyAccess:
        if (node.expression.kind === NodeKind.Identifier)
          return this.named(node, file.lookup(node.expression.text)?.getMember(node.property.text));
    }
    return misuse(node, "an element of a constant table is a whole number known here: literals, constants, members of enums");
  }

  /** A member of an enum without a value is one more than the member before it. */
  implicit(node, element) {
    let known = this.members.get(element.parent);
    if (!known) {
      known = new Map();
      let next = 0n;
      for (const member of element.parent.declaration.values) {
        if (member.initializer) next = this.value(member.initializer, element.file);
        known.set(member, next++);
      }
      this.members.set(element.parent, known);
    }
    return known.get(element.declaration) ?? misuse(node, `"${sourceText(node)}" is no member with a value`);
  }

  /** The number that a constant, a member of an enum or another table stands for. */
  named(node, element) {
    const declaration = element?.declaration;
    if (element?.kind === ElementKind.EnumValue && !declaration.initializer) return this.implicit(node, element);
    const isConstant = element?.kind === ElementKind.EnumValue || (element?.kind === ElementKind.Global && element.is(CommonFlags.Const));
    if (!isConstant || !declaration.initializer) misuse(node, `"${sourceText(node)}" is no constant with a value`);
    const file = element.file;
    return tableKind(declaration.initializer, file) ? BigInt(this.offsetOf(declaration, file)) : this.value(declaration.initializer, file);
  }
}

/** A counted string, ISO 8859-1. */
function text(call) {
  const [literal] = call.args;
  if (call.args.length !== 1 || literal.literalKind !== LiteralKind.String)
    misuse(call, 'a constant text is given as one literal: constantText("...")');
  if (literal.value.length > TEXT_MAX || Buffer.from(literal.value, "latin1").toString("latin1") !== literal.value)
    misuse(literal, `a constant text has at most ${TEXT_MAX} characters of ISO 8859-1`);
  return Buffer.concat([Buffer.of(literal.value.length), Buffer.from(literal.value, "latin1")]);
}

function misuse(node, message) {
  throw new Misuse(node, message);
}
