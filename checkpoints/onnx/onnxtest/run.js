// Runs ONNX models. Standard input: JSON {model, runs: [{name: {type, dims, data}}]}, with data in base64. Standard output: the same of
// the results.
const ort = require('onnxruntime-node');
const types = { int64: BigInt64Array, float32: Float32Array };
(async () => {
  const { model, runs } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  const results = [];
  for (const feeds of runs) {
    const inputs = {};
    for (const [name, { type, dims, data }] of Object.entries(feeds)) {
      const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
      inputs[name] = new ort.Tensor(type, new types[type](bytes.buffer), dims);
    }
    const outputs = {};
    for (const [name, t] of Object.entries(await session.run(inputs))) {
      outputs[name] = { type: t.type, dims: t.dims, data: Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength).toString('base64') };
    }
    results.push(outputs);
  }
  process.stdout.write(JSON.stringify(results));
})().catch((e) => { console.error(String(e.message || e)); process.exit(1); });
