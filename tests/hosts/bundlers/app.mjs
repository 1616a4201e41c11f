import { Client } from 'sg-open-tracking';

const { SANDBOX_KEY, SANDBOX_URL: baseUrl, SANDBOX_CA_FILE: caFile } = process.env;
const client = new Client(SANDBOX_KEY, { baseUrl, caFile, proxy: '' });
const { enabled } = await client.update(false, { onBehalfOf: 'subuser-00001' });
let names = 0;
for await (const { result } of client.getMany(client.listSubusers())) {
    names += result ? 1 : 0;
}
console.log('open tracking is', enabled ? 'on' : 'off', 'and', names, 'were read');
client.close();
