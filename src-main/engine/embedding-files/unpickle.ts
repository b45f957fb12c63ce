import { badFile } from './element-types.ts';

/** A name that a pickle refers to. It is never looked up, only compared. */
export interface PickledGlobal {
  readonly kind: 'global';
  readonly name: string;
}

/** What a pickle would have made by calling `callee`; whoever reads it decides what it stands for. Nothing is called. */
export interface PickledCall {
  readonly kind: 'call';
  readonly callee: string;
  readonly args: readonly PickledValue[];
  /** What was set on the made object. */
  state: PickledValue;
}

/** Something that lies outside of the pickle: a tensor's storage. */
export interface PickledReference {
  readonly kind: 'reference';
  readonly id: PickledValue;
}

export type PickledValue =
  | null
  | boolean
  | number
  | string
  | PickledValue[]
  | Map<PickledValue, PickledValue>
  | PickledGlobal
  | PickledCall
  | PickledReference;

/** All that files of tensors refer to. Anything else ends the reading. */
const ALLOWED = new Set([
  'collections.OrderedDict',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_parameter',
  'torch.FloatStorage',
  'torch.HalfStorage',
  'torch.BFloat16Storage',
  'torch.DoubleStorage',
  'torch.LongStorage',
  'torch.IntStorage',
  'torch.Size',
  'torch.nn.modules.container.ParameterDict',
  'torch.nn.parameter.Parameter',
  'builtins.dict',
  'builtins.set',
]);

const MARK = Symbol('mark');
type Slot = PickledValue | typeof MARK;

/**
 * Reads the values of a pickle without doing what it says: a few opcodes build plain values, names are taken only from
 * a list, and calls are written down instead of made. So a file can hold whatever code it likes; none of it runs.
 * @throws {AppError} invalid-asset naming the opcode or the name that is not accepted
 */
export function unpickle(bytes: Uint8Array): PickledValue {
  return new Reader(bytes).read();
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, PickledValue>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): PickledValue {
    for (;;) {
      const opcode = String.fromCharCode(this.#byte());
      if (opcode === '.') return this.#pop();
      this.#do(opcode);
    }
  }

  #do(opcode: string): void {
    switch (opcode) {
      case '\x80':
        this.#skip(1);
        return;
      case '\x95':
        this.#skip(8);
        return;
      case '(':
        this.#stack.push(MARK);
        return;
      case 'N':
        return this.#push(null);
      case '\x88':
        return this.#push(true);
      case '\x89':
        return this.#push(false);
      case 'K':
        return this.#push(this.#byte());
      case 'M':
        return this.#push(this.#number(2, (at) => this.#view.getUint16(at, true)));
      case 'J':
        return this.#push(this.#number(4, (at) => this.#view.getInt32(at, true)));
      case 'G':
        return this.#push(this.#number(8, (at) => this.#view.getFloat64(at, false)));
      case '\x8a':
        return this.#push(this.#long(this.#byte()));
      case 'X':
      case 'T':
        return this.#push(this.#text(this.#number(4, (at) => this.#view.getUint32(at, true))));
      case '\x8c':
      case 'U':
        return this.#push(this.#text(this.#byte()));
      case '}':
        return this.#push(new Map());
      case ']':
        return this.#push([]);
      case ')':
        return this.#push([]);
      case '\x85':
      case '\x86':
      case '\x87':
        return this.#push(this.#take(opcode.charCodeAt(0) - 0x84));
      case 't':
      case 'l':
        return this.#push(this.#toMark());
      case 'd': {
        const made = new Map<PickledValue, PickledValue>();
        this.#setAll(made, this.#toMark());
        return this.#push(made);
      }
      case 's': {
        const [key, value] = this.#take(2) as [PickledValue, PickledValue];
        return this.#setAll(this.#top(), [key, value]);
      }
      case 'u': {
        const items = this.#toMark();
        return this.#setAll(this.#top(), items);
      }
      case 'a': {
        const [item] = this.#take(1);
        this.#list(this.#top()).push(item!);
        return;
      }
      case 'e': {
        const items = this.#toMark();
        const list = this.#list(this.#top());
        for (const item of items) list.push(item);
        return;
      }
      case 'q':
        return this.#remember(this.#byte());
      case 'r':
        return this.#remember(this.#number(4, (at) => this.#view.getUint32(at, true)));
      case '\x94':
        return this.#remember(this.#memo.size);
      case 'h':
        return this.#push(this.#recall(this.#byte()));
      case 'j':
        return this.#push(this.#recall(this.#number(4, (at) => this.#view.getUint32(at, true))));
      case 'c':
        return this.#push(this.#global(this.#line(), this.#line()));
      case '\x93': {
        const [module, name] = this.#take(2);
        return this.#push(this.#global(String(module), String(name)));
      }
      case 'R':
      case '\x81':
        return this.#call();
      case 'b':
        return this.#build();
      case 'Q': {
        const [id] = this.#take(1);
        return this.#push({ kind: 'reference', id: id! });
      }
      case '0':
        this.#pop();
        return;
      default:
        throw badFile(
          `holds the pickle opcode 0x${opcode.charCodeAt(0).toString(16)} at byte ${this.#at - 1}, which files of tensors do not use; it was not read on.`,
        );
    }
  }

  #global(module: string, name: string): PickledGlobal {
    const full = `${module}.${name}`;
    if (!ALLOWED.has(full)) {
      throw badFile(
        `asks for ${full}, which is none of the names that files of tensors need: it may be made to run code. Nothing of it was run.`,
      );
    }
    return { kind: 'global', name: full };
  }

  #call(): void {
    const [callee, args] = this.#take(2);
    if (!isKind(callee, 'global') || !Array.isArray(args)) throw garbled();
    if (callee.name === 'collections.OrderedDict' || callee.name === 'builtins.dict') {
      return this.#push(new Map());
    }
    if (callee.name === 'torch.Size') return this.#push(Array.isArray(args[0]) ? args[0] : args);
    this.#push({ kind: 'call', callee: callee.name, args, state: null });
  }

  /** Sets an object's state: kept beside calls, meaningless for dictionaries (their attributes). */
  #build(): void {
    const [state] = this.#take(1);
    const target = this.#top();
    if (isKind(target, 'call')) target.state = state!;
  }

  #setAll(target: Slot, items: readonly PickledValue[]): void {
    if (!(target instanceof Map) || items.length % 2 !== 0) throw garbled();
    for (let i = 0; i < items.length; i += 2) target.set(items[i]!, items[i + 1]!);
  }

  #list(target: Slot): PickledValue[] {
    if (!Array.isArray(target)) throw garbled();
    return target;
  }

  #push(value: PickledValue): void {
    this.#stack.push(value);
  }

  #pop(): PickledValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw garbled();
    return value;
  }

  #top(): Slot {
    const value = this.#stack.at(-1);
    if (value === undefined) throw garbled();
    return value;
  }

  #take(count: number): PickledValue[] {
    const values = this.#stack.splice(Math.max(0, this.#stack.length - count), count);
    if (values.length !== count || values.includes(MARK)) throw garbled();
    return values as PickledValue[];
  }

  #toMark(): PickledValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw garbled();
    const values = this.#stack.splice(mark);
    return values.slice(1) as PickledValue[];
  }

  #remember(key: number): void {
    const value = this.#top();
    if (value === MARK) throw garbled();
    this.#memo.set(key, value);
  }

  #recall(key: number): PickledValue {
    const value = this.#memo.get(key);
    if (value === undefined) throw garbled();
    return value;
  }

  #byte(): number {
    return this.#number(1, (at) => this.#bytes[at]!);
  }

  #number(length: number, read: (at: number) => number): number {
    const at = this.#skip(length);
    return read(at);
  }

  /** A whole number of so many bytes, two's complement; larger ones than a number can hold are not tensors'. */
  #long(length: number): number {
    const at = this.#skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!);
    return Number(BigInt.asIntN(Math.max(1, length * 8), value));
  }

  #text(length: number): string {
    const at = this.#skip(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw garbled();
    const text = this.#text(end - this.#at);
    this.#skip(1);
    return text;
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw badFile('is cut short in the middle of its pickle.');
    this.#at += length;
    return at;
  }
}

export function isKind<Kind extends 'global' | 'call' | 'reference'>(
  value: unknown,
  kind: Kind,
): value is Extract<PickledValue, { kind: Kind }> {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === kind;
}

function garbled(): Error {
  return badFile('holds a pickle that contradicts itself.');
}
