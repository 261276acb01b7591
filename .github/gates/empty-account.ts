// Answers what the AWS provider asks while it plans from nothing: whose account this is, which zones it has, a password to throw away.
// It makes nothing and knows nothing else, and a question that it can't answer spoils the plan.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export const ACCOUNT_ID = '111122223333';
export const REGION = 'eu-central-1';

export interface EmptyAccount {
  readonly origin: string;
  /** Questions that had no answer. */
  readonly unanswered: readonly string[];
  readonly close: () => Promise<void>;
}

const ZONES = ['a', 'b', 'c'].map((letter, index) => `<item><zoneName>${REGION}${letter}</zoneName><zoneId>euc1-az${index + 1}</zoneId><zoneState>available</zoneState><regionName>${REGION}</regionName><zoneType>availability-zone</zoneType><optInStatus>opt-in-not-required</optInStatus><groupName>${REGION}</groupName></item>`).join('');

/** As the services' API references have them, by action. */
const ANSWERS: Readonly<Record<string, readonly [type: string, body: string]>> = {
  // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
  GetCallerIdentity: ['text/xml', `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT_ID}:role/plan</Arn><UserId>plan</UserId><Account>${ACCOUNT_ID}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`],
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
  DescribeAvailabilityZones: ['text/xml', `<DescribeAvailabilityZonesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><availabilityZoneInfo>${ZONES}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>`],
  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
  GetRandomPassword: ['application/x-amz-json-1.1', JSON.stringify({ RandomPassword: 'x'.repeat(64) })],
};

export async function openEmptyAccount(): Promise<EmptyAccount> {
  const unanswered: string[] = [];
  const server = createServer((request, response) => {
    // gates:allow code_avoids_known_weaknesses/body-without-limit until 2027-11-20: on the loopback address, and only the Terraform that the gate starts knows the port
    void text(request).then((body) => {
      const action = actionOf(request, body);
      const answer = ANSWERS[action];
      if (answer === undefined) {
        unanswered.push(action);
        // Not one that the provider tries again.
        response.writeHead(400).end();
        return;
      }
      response.writeHead(200, { 'content-type': answer[0] }).end(answer[1]);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    unanswered,
    async close() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

/** By the query protocol in the body, by the JSON protocol in a header. */
function actionOf({ headers, method, url }: IncomingMessage, body: string): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.slice(target.lastIndexOf('.') + 1);
  return new URLSearchParams(body).get('Action') ?? `${method ?? ''} ${url ?? ''}`;
}
