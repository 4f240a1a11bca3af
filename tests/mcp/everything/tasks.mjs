// Tools that answer later: tasks, an extension of the modern era. The SDK has the methods' names but no tasks yet, so that
// an answer with a task is put in its place where it goes out.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from '../../sdk/node/packages.mjs';
import { question } from './asking.mjs';
import { acceptedContent, inputRequired, says } from './sdk.mjs';

/** What client and server declare; this server only where it serves both eras over HTTP. */
export const TASKS = 'io.modelcontextprotocol/tasks';
export const HAS_TASKS = process.argv.length === 2;
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
/** Where a tool's result has its task, until it goes out. */
const TASK = 'everything/task';
/** These cannot answer otherwise. */
const ONLY_LATER = ['failing_job', 'test_tool_with_task'];

const tasks = new Map();
const canWait = (capabilities) => HAS_TASKS && capabilities?.extensions?.[TASKS] !== undefined;
const now = () => new Date().toISOString();

/** Work that goes on after its call was answered. */
class Job {
  stop = new AbortController();

  constructor(work) {
    const began = now();
    this.task = { taskId: randomUUID(), status: 'working', createdAt: began, lastUpdatedAt: began, ttlMs: 60_000, pollIntervalMs: 100 };
    tasks.set(this.task.taskId, this);
    work(this).then(
      (result) => this.become({ status: 'completed', result: { resultType: 'complete', ...result } }),
      (error) => this.become({ status: 'failed', error: { code: -32603, message: error.message } }),
    );
  }

  /** What is so from now on, unless it is over. */
  become(what) {
    if (['completed', 'failed', 'cancelled'].includes(this.task.status)) return;
    const { taskId, createdAt, ttlMs, pollIntervalMs } = this.task;
    this.task = { taskId, createdAt, ttlMs, pollIntervalMs, lastUpdatedAt: now(), ...what };
  }

  /** Waits until the client has answered everything. */
  async ask(inputRequests) {
    this.become({ status: 'input_required', inputRequests });
    this.answers = {};
    await new Promise((answered) => (this.answered = answered));
    this.become({ status: 'working' });
    return this.answers;
  }

  answer(responses) {
    const open = { ...this.task.inputRequests };
    for (const key of Object.keys(open).filter((key) => key in responses)) {
      this.answers[key] = responses[key];
      delete open[key];
    }
    if (Object.keys(open).length) this.become({ status: 'input_required', inputRequests: open });
    else this.answered?.();
  }
}

/** Adds the tools, and the methods of tasks. */
export function addTasks(server, add) {
  const later = (name, description, work, inputSchema) =>
    add(name, description, (given, context) => answerLater(context, (job) => work(given, job)), inputSchema);

  add('greet', 'Answers at once', ({ name }) => says(`Hello, ${name}!`), fields({ name: { type: 'string' } }));
  later('slow_compute', 'Takes its time', async ({ seconds = 0, label = '' }, job) => {
    // A call that is waited for is not to take long.
    await sleep((job ? seconds : Math.min(seconds, 0.2)) * 1000, undefined, { signal: job?.stop.signal });
    return says(`${label} took ${seconds} s`);
  }, fields({ seconds: { type: 'number' }, label: { type: 'string' } }));
  later('failing_job', 'Fails later', async () => {
    await sleep(500);
    return { ...says('It has failed.'), isError: true };
  });
  later('protocol_error_job', 'Fails badly', async () => {
    throw new Error('It broke.');
  });
  const asked = { one: question('The first?', { one: { type: 'string' } }), two: question('The second?', { two: { type: 'string' } }) };
  later('confirm_delete', 'Asks in the middle', async (given, job) => {
    const answers = await job?.ask({ confirm: question('Really?', { confirm: { type: 'boolean' } }) });
    return says(`Answered: ${JSON.stringify(answers?.confirm ?? given)}`);
  }, { type: 'object' });
  later('multi_input', 'Asks twice in the middle', async (_given, job) => says(JSON.stringify(await job?.ask(asked))), { type: 'object' });
  add('test_tool_with_task', 'Asks first, and answers later', (_given, context) => {
    const who = acceptedContent(context.mcpReq.inputResponses, 'user_name');
    if (who) return answerLater(context, async () => says(`Done for ${who.name}`));
    return inputRequired({ inputRequests: { user_name: question('What is your name?', { name: { type: 'string' } }) } });
  }, { type: 'object' });

  const params = z.looseObject({ taskId: z.string() });
  const answer = (method, run) =>
    server.server.setRequestHandler(method, { params, result: z.looseObject({}) }, async (given, { mcpReq }) => {
      if (!canWait(mcpReq.envelope?.[CAPABILITIES])) throw lacking();
      const job = tasks.get(given.taskId);
      if (!job) throw Object.assign(new Error('Unknown task'), { code: -32602 });
      return { resultType: 'complete', ...run(job, given.inputResponses ?? mcpReq.inputResponses) };
    });
  answer('tasks/get', (job) => job.task);
  answer('tasks/update', (job, responses) => job.answer(responses ?? {}));
  answer('tasks/cancel', (job) => {
    job.become({ status: 'cancelled' });
    job.stop.abort();
  });
}

const fields = (properties) => ({ type: 'object', properties });

async function answerLater({ mcpReq }, work) {
  if (!canWait(mcpReq.envelope?.[CAPABILITIES])) return work();
  return { content: [], _meta: { [TASK]: new Job(work).task } };
}

const lacking = () => {
  const data = { requiredCapabilities: { extensions: { [TASKS]: {} } } };
  return Object.assign(new Error('The client cannot wait for tasks'), { code: -32021, data });
};

/** Answers a modern request by `serve`, with tasks where the SDK has none. */
export async function withTasks(request, serve) {
  const asked = await request.clone().json().catch(() => ({}));
  const refused = asked.method === 'tools/call' && ONLY_LATER.includes(asked.params?.name);
  if (refused && !canWait(asked.params._meta?.[CAPABILITIES])) {
    const { message, code, data } = lacking();
    return Response.json({ jsonrpc: '2.0', id: asked.id, error: { code, message, data } }, { status: 400 });
  }
  const answer = await serve(request);
  if (asked.method !== 'tools/call' || !answer.headers.get('content-type')?.includes('json')) return answer;
  const body = await answer.json();
  const task = body.result?._meta?.[TASK];
  if (task) body.result = { resultType: 'task', ...task };
  return Response.json(body, { status: answer.status });
}
