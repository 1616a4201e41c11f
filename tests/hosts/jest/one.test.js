const { Client, NotFound } = require('sg-open-tracking');

const { SANDBOX_KEY, SANDBOX_URL: baseUrl, SANDBOX_CA_FILE: caFile } = process.env;
let client;
beforeEach(() => {
  client = new Client(SANDBOX_KEY, { baseUrl, caFile, proxy: '' });
});
afterEach(() => client.close());

test('calls, one by one and many', async () => {
  await expect(client.update(false, { onBehalfOf: 'subuser-00001' })).resolves.toMatchObject({
    enabled: false,
  });
  await expect(client.get({ onBehalfOf: 'nobody' })).rejects.toThrow(NotFound);
  const items = [];
  for await (const item of client.getMany(client.listSubusers())) {
    items.push(item);
  }
  expect(items).toHaveLength(25);
});

test('a fresh copy of the module, and calls that nothing ends', async () => {
  jest.resetModules();
  const again = require('sg-open-tracking');
  expect(again.Client).not.toBe(Client);
  const other = new again.Client(SANDBOX_KEY, { baseUrl, caFile, proxy: '' });
  const silent = other.get({ onBehalfOf: 'fault-silent' });
  await client.get({ onBehalfOf: 'fault-delay-100' });
  other.close();
  await expect(silent).rejects.toThrow(again.CancelledError);
});

test('fake timers', async () => {
  jest.useFakeTimers();
  await expect(Promise.all(Array.from({ length: 20 }, () => client.get()))).resolves.toHaveLength(20);
  jest.useRealTimers();
});
