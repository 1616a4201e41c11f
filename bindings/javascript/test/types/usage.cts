// Compiled, not run: the same package by require.
import sg = require('sg-open-tracking');

const client: sg.Client = new sg.Client('SG.key', { proxy: '' });
export const enabled: boolean = client.getSync().enabled;
export const region: sg.Region = sg.Region.GLOBAL;
client[Symbol.dispose]();
