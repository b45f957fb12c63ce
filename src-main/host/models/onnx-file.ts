import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A tensor whose values lie in another file. */
export interface ExternalTensor {
  readonly name: string;
  /** As the graph writes it; relative to the graph's folder. */
  readonly location: string;
  /** Bytes. */
  readonly offset: number;
  /** Bytes; null where the graph does not say, which means to the end of the file. */
  readonly length: number | null;
}

export interface OnnxFile {
  readonly nodes: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly externalData: readonly ExternalTensor[];
  /** Values of all weights: tensors of floating-point numbers, or of bytes and their scales where weights are quantised. */
  readonly parameters: number;
}

/**
 * Reads the outline of an ONNX file without its weights, whatever its size. Synchronous: a few hundred small reads, and
 * a promise for every byte would cost more than they do.
 * Field numbers: onnx.proto of ONNX 1.19 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto).
 * @throws {Error} when the file is no protocol buffer, is cut short or holds no graph.
 */
export function readOnnxFile(path: string): OnnxFile {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const reader = new FieldReader(file, size);
    const found = {
      nodes: 0,
      inputs: [] as string[],
      outputs: [] as string[],
      externalData: [] as ExternalTensor[],
      parameters: 0,
    };
    let graphs = 0;
    let irVersion = false;
    reader.fields(0, size, (field) => {
      if (field.number === 1 && field.wire === 0) irVersion = true;
      if (field.number === 7 && field.wire === 2) {
        graphs += 1;
        readGraph(reader, field, found, true);
      }
    });
    if (!irVersion || graphs !== 1) throw new Error('it is no ONNX model: there is no graph in it');
    return found;
  } finally {
    closeSync(file);
  }
}

interface Outline {
  nodes: number;
  inputs: string[];
  outputs: string[];
  externalData: ExternalTensor[];
  parameters: number;
}

/** TensorProto.DataType: float, uint8, int8, float16, double, bfloat16. */
const WEIGHT_TYPES = [1, 2, 3, 10, 11, 16];

function readGraph(reader: FieldReader, graph: Field, found: Outline, top: boolean): void {
  reader.fields(graph.start, graph.end, (field) => {
    if (field.wire !== 2) return;
    if (field.number === 1) {
      found.nodes += 1;
      readNode(reader, field, found);
    } else if (field.number === 5) {
      readTensor(reader, field, found);
    } else if (top && (field.number === 11 || field.number === 12)) {
      const names = field.number === 11 ? found.inputs : found.outputs;
      reader.fields(field.start, field.end, (member) => {
        if (member.number === 1 && member.wire === 2) names.push(reader.text(member));
      });
    }
  });
}

function readNode(reader: FieldReader, node: Field, found: Outline): void {
  reader.fields(node.start, node.end, (field) => {
    if (field.number !== 5 || field.wire !== 2) return;
    reader.fields(field.start, field.end, (attribute) => {
      if (attribute.wire !== 2) return;
      if (attribute.number === 5 || attribute.number === 10) readTensor(reader, attribute, found);
      if (attribute.number === 6 || attribute.number === 11) readGraph(reader, attribute, found, false);
    });
  });
}

function readTensor(reader: FieldReader, tensor: Field, found: Outline): void {
  const EXTERNAL = 1;
  let name = '';
  let place = 0;
  let type = 0;
  let rank = 0;
  let values = 1;
  const entries = new Map<string, string>();
  reader.fields(tensor.start, tensor.end, (field) => {
    if (field.number === 8 && field.wire === 2) name = reader.text(field);
    if (field.number === 14 && field.wire === 0) place = field.value;
    if (field.number === 2 && field.wire === 0) type = field.value;
    if (field.number === 1)
      for (const dim of reader.integers(field)) [rank, values] = [rank + 1, values * dim];
    if (field.number !== 13 || field.wire !== 2) return;
    let key = '';
    let value = '';
    reader.fields(field.start, field.end, (member) => {
      if (member.wire !== 2) return;
      if (member.number === 1) key = reader.text(member);
      if (member.number === 2) value = reader.text(member);
    });
    entries.set(key, value);
  });
  // Single numbers are constants of the computation.
  if (rank > 0 && WEIGHT_TYPES.includes(type)) found.parameters += values;
  if (place !== EXTERNAL) return;
  const length = entries.get('length');
  found.externalData.push({
    name,
    location: entries.get('location') ?? '',
    offset: Number(entries.get('offset') ?? 0),
    length: length === undefined ? null : Number(length),
  });
}

interface Field {
  readonly number: number;
  /** Wire type: 0 varint, 1 fixed 64, 2 length-delimited, 5 fixed 32. */
  readonly wire: number;
  /** Of a varint. */
  readonly value: number;
  /** Bytes of the content of a length-delimited field. */
  readonly start: number;
  readonly end: number;
}

const WINDOW = 64 * 1024;
const LONGEST_TEXT = 64 * 1024;

/** Walks the fields of protocol-buffer messages in a file and skips over what nobody asks for. */
class FieldReader {
  readonly #file: number;
  readonly #size: number;
  readonly #window = Buffer.alloc(WINDOW);
  #from = 0;
  #filled = 0;

  constructor(file: number, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** A repeated field of integers: one of them, or several packed. */
  integers(field: Field): number[] {
    if (field.wire === 0) return [field.value];
    const values: number[] = [];
    for (let position = field.start; field.wire === 2 && position < field.end;) {
      const { value, next } = this.#varint(position);
      values.push(value);
      position = next;
    }
    return values;
  }

  fields(start: number, end: number, visit: (field: Field) => void): void {
    let position = start;
    while (position < end) {
      const tag = this.#varint(position);
      position = tag.next;
      const wire = tag.value % 8;
      const number = Math.floor(tag.value / 8);
      if (number === 0) throw new Error('it is no protocol buffer');
      let field: Field;
      if (wire === 0) {
        const { value, next } = this.#varint(position);
        field = { number, wire, value, start: position, end: next };
      } else if (wire === 1 || wire === 5) {
        field = { number, wire, value: 0, start: position, end: position + (wire === 1 ? 8 : 4) };
      } else if (wire === 2) {
        const { value, next } = this.#varint(position);
        field = { number, wire, value: 0, start: next, end: next + value };
      } else {
        throw new Error('it is no protocol buffer');
      }
      if (field.end > end) throw new Error('it is cut short or garbled');
      visit(field);
      position = field.end;
    }
  }

  text(field: Field): string {
    const length = field.end - field.start;
    if (length > LONGEST_TEXT) throw new Error('it is garbled: a name is longer than 64 KiB');
    const bytes = Buffer.alloc(length);
    readSync(this.#file, bytes, 0, length, field.start);
    return bytes.toString('utf8');
  }

  #varint(start: number): { value: number; next: number } {
    let value = 0;
    let scale = 1;
    for (let position = start; position < start + 10; position += 1) {
      const byte = this.#byte(position);
      value += (byte % 128) * scale;
      if (byte < 128) return { value, next: position + 1 };
      scale *= 128;
    }
    throw new Error('it is no protocol buffer');
  }

  #byte(position: number): number {
    if (position >= this.#size) throw new Error('it is cut short or garbled');
    if (position < this.#from || position >= this.#from + this.#filled) {
      this.#from = position;
      this.#filled = readSync(this.#file, this.#window, 0, WINDOW, position);
      if (this.#filled === 0) throw new Error('it is cut short or garbled');
    }
    return this.#window[position - this.#from] ?? 0;
  }
}
