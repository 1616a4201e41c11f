// Compiled, not run: the types let a caller do this, and nothing that is marked as an error.
import {
    type CallOptions,
    Client,
    type Code,
    type LogMessage,
    OpenTrackingError,
    Region,
    type Result,
    updateOpenTracking,
} from 'sg-open-tracking';

export async function switchOff(key: string, names: readonly string[]): Promise<Result[]> {
    using client = new Client(key, { region: Region.EU, timeout: 10_000, maxRetries: 3 });
    const options: CallOptions = { signal: AbortSignal.timeout(60_000) };
    return Promise.all(names.map((onBehalfOf) => client.update(false, { onBehalfOf, ...options })));
}

export function explain(error: unknown): string {
    if (!(error instanceof OpenTrackingError)) {
        throw error;
    }
    switch (error.code) {
        case 'SG_ERR_RATE_LIMITED':
            return `in ${error.retryAfter ?? 0} ms`;
        case 'SG_ERR_NOT_APPLIED':
            return error.enabled ? 'on' : 'off';
        default:
            return `${error.httpStatus}, ${error.attempts} attempts, ${error.elapsed} ms`;
    }
}

export async function switchAllOff(client: Client): Promise<string[]> {
    const failed: string[] = [];
    for await (const { name, result, error } of client.updateMany(false, client.listSubusers())) {
        failed.push(...(error ? [`${name}: ${error.message}`] : result.enabled ? [name] : []));
    }
    return failed;
}

export const reported: Promise<boolean> = updateOpenTracking('SG.key', true, {
    onBehalfOf: null,
    timeout: 5_000,
});
export const logging: Client = new Client('SG.key', { logger: console });
export const event = ({ fields }: LogMessage): string | undefined => fields['event'];
export const known: Code = 'SG_ERR_TIMEOUT';

// @ts-expect-error: a text is no boolean
updateOpenTracking('SG.key', 'off');
// @ts-expect-error: no such code
export const unknown: Code = 'SG_ERR_OTHER';
// @ts-expect-error: no such region
new Client('SG.key', { region: 2 });
// @ts-expect-error: no such option
new Client('SG.key').get({ on_behalf_of: 'a' });
