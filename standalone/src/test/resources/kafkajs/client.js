// A client that knows nothing of Millrace but its addresses: publishes a TrainRequested through the schema registry, then
// decodes the events of that request as they come. Usage: node client.js BROKER REGISTRY REQUEST PIPELINE
const { Kafka, logLevel } = require('kafkajs');
const { SchemaRegistry } = require('@kafkajs/confluent-schema-registry');

const [broker, registryAddress, requestId, pipeline] = process.argv.slice(2);
const kafka = new Kafka({ clientId: 'third-party', brokers: [broker], logLevel: logLevel.ERROR });
const registry = new SchemaRegistry({ host: registryAddress });
const topics = ['millrace.requests', 'millrace.runs', 'millrace.evaluations', 'millrace.promotions'];

async function main() {
  const consumer = kafka.consumer({ groupId: 'third-party-' + requestId });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  const promoted = new Promise((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ topic, message }) => {
          const event = await registry.decode(message.value);
          if (event.requestId !== requestId) return;
          const type = message.headers.ce_type.toString();
          console.log(JSON.stringify({ topic, type, event }));
          if (type.endsWith('ModelPromoted') && event.environment === 'production') resolve();
          if (type.endsWith('TrainingRejected') || type.endsWith('TrainingFailed')) reject(new Error(type));
        },
      })
      .catch(reject);
  });
  const producer = kafka.producer();
  await producer.connect();
  const id = await registry.getLatestSchemaId('millrace.train-requests-value');
  const value = await registry.encode(id, {
    requestId,
    pipeline,
    pipelineVersion: null,
    definition: null,
    overrides: {},
    requestedBy: 'third party',
    reason: null,
  });
  await producer.send({ topic: 'millrace.train-requests', messages: [{ key: requestId, value }] });
  await promoted;
  await producer.disconnect();
  await consumer.disconnect();
}

main().then(
  () => process.exit(0),
  (failure) => {
    console.error(failure);
    process.exit(1);
  },
);
