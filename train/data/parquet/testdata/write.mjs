// Writes the Parquet files of TestOtherWriters with DuckDB, Apache Arrow in Rust (parquet-wasm) and hyparquet.
//
//	npm install @duckdb/node-api@1.5.6-r.1 apache-arrow@21 parquet-wasm@0.8 hyparquet-writer@0.17
//	node write.mjs
import {DuckDBInstance} from '@duckdb/node-api';
import * as arrow from 'apache-arrow';
import * as wasm from 'parquet-wasm/esm/parquet_wasm.js';
import {parquetWriteFile} from 'hyparquet-writer';
import {readFileSync, writeFileSync} from 'node:fs';

const rows = [...Array(40).keys()];
const text = i => i % 7 == 3 ? null : `text ${i} 한글`;
const dict = i => i % 5 == 0 ? null : `cat${i % 4}`;
const title = i => i % 3 == 0 ? null : `title ${i}`;
const meta = i => i % 11 == 0 ? null : {title: title(i), inner: {deep: `deep ${i}`}};
const tags = i => i % 6 == 0 ? null : i % 6 == 1 ? [] : [`a${i}`, null];

const db = await (await DuckDBInstance.create()).connect();
await db.run(`create table t as select
	case when i % 7 = 3 then null else 'text ' || i || ' 한글' end as text,
	case when i % 5 = 0 then null else 'cat' || (i % 4) end as dict,
	case when i % 11 = 0 then null else {'title': case when i % 3 = 0 then null else 'title ' || i end, 'inner': {'deep': 'deep ' || i}} end as meta,
	case when i % 6 = 0 then null when i % 6 = 1 then [] else ['a' || i, null] end as tags
	from range(40) r(i)`);
for (const [codec, version] of [['zstd', 'V2'], ['gzip', 'V1'], ['snappy', 'V1'], ['lz4_raw', 'V2'], ['brotli', 'V1']])
	await db.run(`copy t to 'duckdb-${codec}.parquet' (format parquet, compression ${codec}, row_group_size 20, parquet_version ${version})`);

wasm.initSync({module: readFileSync('node_modules/parquet-wasm/esm/parquet_wasm_bg.wasm')});
const string = new arrow.Utf8(), optional = (name, type) => new arrow.Field(name, type, true);
const table = new arrow.Table({
	text: arrow.vectorFromArray(rows.map(text), string),
	dict: arrow.vectorFromArray(rows.map(dict), new arrow.Dictionary(string, new arrow.Int32())),
	meta: arrow.vectorFromArray(rows.map(meta), new arrow.Struct([optional('title', string), optional('inner', new arrow.Struct([optional('deep', string)]))])),
	tags: arrow.vectorFromArray(rows.map(tags), new arrow.List(optional('item', string))),
});
for (const [codec, version, encoding] of [['SNAPPY', 'V2', null], ['ZSTD', 'V1', 'DELTA_BYTE_ARRAY'], ['GZIP', 'V2', 'DELTA_LENGTH_BYTE_ARRAY']]) {
	let b = new wasm.WriterPropertiesBuilder().setCompression(wasm.Compression[codec]).setWriterVersion(wasm.WriterVersion[version]).setMaxRowGroupSize(25);
	if (encoding) b = b.setColumnDictionaryEnabled('text', false).setColumnEncoding('text', wasm.Encoding[encoding]);
	const parquet = wasm.writeParquet(wasm.Table.fromIPCStream(arrow.tableToIPC(table, 'stream')), b.build());
	writeFileSync(`arrow-${codec.toLowerCase()}.parquet`, parquet);
}

parquetWriteFile({filename: 'hyparquet-snappy.parquet', rowGroupSize: 20, columnData: [
	{name: 'text', data: rows.map(text), type: 'STRING'}, {name: 'dict', data: rows.map(dict), type: 'STRING'}]});
