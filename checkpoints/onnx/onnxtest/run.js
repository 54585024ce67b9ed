// Runs ONNX models. Standard input: a JSON list of {model, feeds: {name: {type, dims, data}}}, with data in base64. Standard output: a list of
// {outputs: the same, error: text}. Successive jobs of one model share a session.
const ort = require('onnxruntime-node');
const types = { int64: BigInt64Array, float32: Float32Array };
const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 };
let path, session;

async function run({ model, feeds }) {
  if (model !== path) session = await ort.InferenceSession.create(model, options);
  path = model;
  const inputs = {};
  for (const [name, { type, dims, data }] of Object.entries(feeds)) {
    const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
    inputs[name] = new ort.Tensor(type, new types[type](bytes.buffer), dims);
  }
  const outputs = {};
  for (const [name, t] of Object.entries(await session.run(inputs))) {
    const data = Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength).toString('base64');
    outputs[name] = { type: t.type, dims: t.dims, data };
  }
  return outputs;
}

(async () => {
  const results = [];
  for (const job of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
    try {
      results.push({ outputs: await run(job) });
    } catch (e) {
      results.push({ error: String(e.message || e) });
    }
  }
  process.stdout.write(JSON.stringify(results));
})();
