// The prompts.

import { z } from '../../sdk/node/packages.mjs';
import { question } from './asking.mjs';
import { PNG, acceptedContent, completable, inputRequired, text } from './sdk.mjs';

const user = (content) => ({ role: 'user', content });

/** Adds them, and gives the one that is not always there. */
export function addPrompts(server, world) {
  const add = (name, description, run, argsSchema) =>
    server.registerPrompt(name, { description, ...(argsSchema && { argsSchema: z.object(argsSchema) }) }, run);

  add('test_simple_prompt', 'A text', () => ({ messages: [user(text('This is a simple prompt for testing.'))] }));
  const words = ['paris', 'park', 'party', 'testing'];
  add('test_prompt_with_arguments', 'A text with gaps', ({ arg1, arg2 }) => ({
    messages: [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
  }), {
    arg1: completable(z.string().describe('The first word'), (begun) => words.filter((word) => word.startsWith(begun))),
    arg2: z.string().describe('The second word'),
  });
  add('test_prompt_with_embedded_resource', 'A resource and a text', ({ resourceUri: uri }) => ({
    messages: [
      user({ type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } }),
      user(text('Please process the embedded resource above.')),
    ],
  }), { resourceUri: z.string().describe('Of the resource') });
  add('test_prompt_with_image', 'A picture and a text', () => ({
    messages: [
      user({ type: 'image', data: PNG, mimeType: 'image/png' }),
      user(text('Please analyze the image above.')),
    ],
  }));
  add('test_input_required_result_prompt', 'Asks the user first', ({ mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, 'user_context');
    if (given) return { messages: [user(text(`The context: ${given.context}`))] };
    const asked = question('What context should the prompt use?', { context: { type: 'string' } });
    return inputRequired({ inputRequests: { user_context: asked } });
  });
  const more = add('test_one_more_prompt', 'Is not always there', () => ({ messages: [user(text('Here.'))] }));
  if (!world.more.prompts) more.disable();
  return more;
}
