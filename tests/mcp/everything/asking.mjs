// The tools that ask the client for something first: by a result that says what is missing. For legacy clients the SDK
// asks in its stead, with a request of its own.

import { acceptedContent, codec, inputRequired, inputResponse, says } from './sdk.mjs';

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

/** A question for the user, whose answer is one field or several. */
export function question(message, properties) {
  const required = Object.keys(properties);
  return inputRequired.elicit({ message, requestedSchema: { type: 'object', properties, required } });
}

const STRING = { type: 'string' };
const name = (message = 'What is your name?') => question(message, { name: STRING });

function sample(words, maxTokens) {
  const messages = [{ role: 'user', content: { type: 'text', text: words } }];
  return inputRequired.createMessage({ messages, maxTokens });
}

const sampled = (responses, key) => {
  const view = inputResponse(responses, key);
  return view.kind === 'sampling' ? view.result.content : undefined;
};
const roots = (responses, key) => {
  const view = inputResponse(responses, key);
  return view.kind === 'roots' ? view.roots : undefined;
};

/** An answer of the user's, whether it is yes or no. */
const answered = (responses, key) => {
  const view = inputResponse(responses, key);
  return view.kind === 'elicit' ? { action: view.action, content: view.content } : undefined;
};

export function addAskingTools(add) {
  addOldQuestions(add);
  const ask = (tool, description, run) => add(tool, description, (_given, { mcpReq }) => run(mcpReq));

  for (const tool of ['test_input_required_result_elicitation', 'test_streaming_elicitation']) {
    ask(tool, 'Asks for a name', ({ inputResponses }) => {
      const given = acceptedContent(inputResponses, 'user_name');
      if (typeof given?.name === 'string') return says(`Hello, ${given.name}!`);
      return inputRequired({ inputRequests: { user_name: name() } });
    });
  }
  ask('test_input_required_result_sampling', 'Asks the client’s model', ({ inputResponses }) => {
    const given = sampled(inputResponses, 'capital_question');
    if (given) return says(`The model said: ${given.text}`);
    return inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } });
  });
  ask('test_input_required_result_list_roots', 'Asks for the roots', ({ inputResponses }) => {
    const given = roots(inputResponses, 'client_roots');
    if (given) return says(`The roots: ${given.map((root) => root.uri).join(', ')}`);
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  for (const tool of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state']) {
    ask(tool, 'Gives a state along', async ({ inputResponses, requestState }) => {
      const confirmed = acceptedContent(inputResponses, 'confirm');
      if (confirmed && requestState()?.asked === tool) return says('state-ok');
      return inputRequired({
        inputRequests: { confirm: question('Please confirm', { ok: { type: 'boolean' } }) },
        requestState: await codec.mint({ asked: tool }),
      });
    });
  }
  ask('test_input_required_result_multiple_inputs', 'Asks for three things', async ({ inputResponses, requestState }) => {
    const who = acceptedContent(inputResponses, 'user_name');
    const greeting = sampled(inputResponses, 'greeting');
    const found = roots(inputResponses, 'client_roots');
    if (who && greeting && found && requestState()) return says(`${greeting.text} ${who.name}, ${found.length} roots`);
    return inputRequired({
      inputRequests: {
        user_name: name(),
        greeting: sample('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await codec.mint({ asked: 'three' }),
    });
  });
  ask('test_input_required_result_multi_round', 'Asks twice', async ({ inputResponses, requestState }) => {
    const state = requestState();
    const colour = acceptedContent(inputResponses, 'step2');
    if (state?.name && colour) return says(`${state.name} likes ${colour.color}.`);
    const first = acceptedContent(inputResponses, 'step1');
    if (state && first) {
      return inputRequired({
        inputRequests: { step2: question('Step 2: What is your favorite color?', { color: STRING }) },
        requestState: await codec.mint({ name: first.name }),
      });
    }
    return inputRequired({
      inputRequests: { step1: name('Step 1: What is your name?') },
      requestState: await codec.mint({ name: null }),
    });
  });
  ask('test_input_required_result_capabilities', 'Asks what the client can do', ({ envelope, inputResponses }) => {
    if (inputResponses) return says('Thank you.');
    const able = envelope?.[CAPABILITIES] ?? {};
    const inputRequests = {};
    if (able.elicitation) inputRequests.user_name = name();
    if (able.sampling) inputRequests.capital_question = sample('What is the capital of France?', 100);
    if (able.roots) inputRequests.client_roots = inputRequired.listRoots();
    return Object.keys(inputRequests).length ? inputRequired({ inputRequests }) : says('You can do nothing for me.');
  });
  ask('test_missing_capability', 'Needs a client with a model', ({ inputResponses }) => {
    const given = sampled(inputResponses, 'needed');
    if (given) return says(given.text);
    return inputRequired({ inputRequests: { needed: sample('Hello', 10) } });
  });
}

/** The tools of the legacy era's scenarios. */
function addOldQuestions(add) {
  add('test_sampling', 'Asks the client’s model', ({ prompt }, { mcpReq }) => {
    const given = sampled(mcpReq.inputResponses, 'model');
    if (given) return says(`LLM response: ${given.text}`);
    return inputRequired({ inputRequests: { model: sample(prompt, 100) } });
  }, { type: 'object', properties: { prompt: STRING }, required: ['prompt'] });

  add('test_elicitation', 'Asks the user', ({ message }, { mcpReq }) => {
    const given = answered(mcpReq.inputResponses, 'user');
    if (given) return says(`User response: ${JSON.stringify(given)}`);
    const fields = {
      username: { ...STRING, description: "User's response" },
      email: { ...STRING, description: "User's email address" },
    };
    return inputRequired({ inputRequests: { user: question(message, fields) } });
  }, { type: 'object', properties: { message: STRING }, required: ['message'] });

  const fill = (tool, description, properties) =>
    add(tool, description, (_given, { mcpReq }) => {
      const given = answered(mcpReq.inputResponses, 'form');
      if (given) return says(`Elicitation completed: action=${given.action}, content=${JSON.stringify(given.content)}`);
      const requestedSchema = { type: 'object', properties };
      return inputRequired({ inputRequests: { form: inputRequired.elicit({ message: description, requestedSchema }) } });
    });
  fill('test_elicitation_sep1034_defaults', 'A form that is filled in already', {
    name: { ...STRING, default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { ...STRING, enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  });
  const titled = (noun) => ['First', 'Second', 'Third'].map((nth, at) => ({ const: `value${at + 1}`, title: `${nth} ${noun}` }));
  fill('test_elicitation_sep1330_enums', 'A form of choices', {
    untitledSingle: { ...STRING, enum: ['option1', 'option2', 'option3'] },
    titledSingle: { ...STRING, oneOf: titled('Option') },
    legacyEnum: { ...STRING, enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', items: { ...STRING, enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
  });
}
