package io.millrace.tracking.webhooks;

import io.millrace.database.Tx;
import io.millrace.tracking.flows.History;
import io.millrace.tracking.registry.RegistryFacts;
import io.millrace.tracking.registry.RegistryFacts.Description;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Events of the registry as MLflow's webhooks tell of them. Description and tags of something new
 * are those it has when the message is made, a moment later.
 */
@Component
class MlflowWebhookMessages {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Tags by which MLflow keeps a prompt as a registered model; its webhooks do not show them. */
  private static final String RESERVED = "mlflow.prompt.";

  private static final String TEMPLATE = "mlflow.prompt.text";

  private static final Set<String> TYPES =
      Set.of(
          "RegisteredModelCreated",
          "ModelVersionCreated",
          "RegisteredModelTagChanged",
          "ModelVersionTagChanged",
          "ModelAliasChanged");

  private final RegistryFacts facts;

  MlflowWebhookMessages(RegistryFacts facts) {
    this.facts = facts;
  }

  /** Tells of an event; empty where MLflow has no words for it. */
  Optional<Message> of(Tx tx, History.Entry entry) {
    if (!TYPES.contains(entry.event().type())) {
      return Optional.empty();
    }
    JsonNode event = JSON.readTree(entry.event().data());
    boolean prompt = event.path("prompt").asBoolean(false);
    boolean gone = event.path("version").isMissingNode() || event.path("version").isNull();
    boolean removed = event.path("value").isMissingNode() || event.path("value").isNull();
    return switch (entry.event().type()) {
      case "RegisteredModelCreated" ->
          message(
              entry,
              prompt ? RegistryEntity.PROMPT : RegistryEntity.REGISTERED_MODEL,
              RegistryAction.CREATED,
              model(event, facts.ofModel(tx, name(event)), prompt));
      case "ModelVersionCreated" -> {
        Description description = facts.ofVersion(tx, name(event), event.path("version").asInt());
        yield message(
            entry,
            prompt ? RegistryEntity.PROMPT_VERSION : RegistryEntity.MODEL_VERSION,
            RegistryAction.CREATED,
            prompt ? promptVersion(event, description) : version(event, description));
      }
      case "RegisteredModelTagChanged" ->
          prompt && !reserved(event)
              ? message(
                  entry,
                  RegistryEntity.PROMPT_TAG,
                  removed ? RegistryAction.DELETED : RegistryAction.SET,
                  tag(event, false, removed))
              : Optional.empty();
      case "ModelVersionTagChanged" ->
          reserved(event)
              ? Optional.empty()
              : message(
                  entry,
                  prompt ? RegistryEntity.PROMPT_VERSION_TAG : RegistryEntity.MODEL_VERSION_TAG,
                  removed ? RegistryAction.DELETED : RegistryAction.SET,
                  tag(event, true, removed));
      case "ModelAliasChanged" ->
          message(
              entry,
              prompt ? RegistryEntity.PROMPT_ALIAS : RegistryEntity.MODEL_VERSION_ALIAS,
              gone ? RegistryAction.DELETED : RegistryAction.CREATED,
              alias(event, gone));
      default -> Optional.empty();
    };
  }

  /** An example of a topic. */
  static Message example(RegistryTopic topic, Instant now) {
    String data =
        switch (topic.entity()) {
          case REGISTERED_MODEL ->
              """
              {"name": "example_model", "tags": {"example_key": "example_value"}, "description": "An example registered model"}""";
          case MODEL_VERSION ->
              """
              {"name": "example_model", "version": "1", "source": "models:/123", "run_id": "abcd1234abcd5678", "tags": {"example_key": "example_value"}, "description": "An example model version"}""";
          case MODEL_VERSION_TAG ->
              topic.action() == RegistryAction.SET
                  ? """
                  {"name": "example_model", "version": "1", "key": "example_key", "value": "example_value"}"""
                  : """
                  {"name": "example_model", "version": "1", "key": "example_key"}""";
          case MODEL_VERSION_ALIAS ->
              topic.action() == RegistryAction.CREATED
                  ? """
                  {"name": "example_model", "alias": "example_alias", "version": "1"}"""
                  : """
                  {"name": "example_model", "alias": "example_alias"}""";
          case PROMPT ->
              """
              {"name": "example_prompt", "tags": {"example_key": "example_value"}, "description": "An example prompt"}""";
          case PROMPT_VERSION ->
              """
              {"name": "example_prompt", "version": "1", "template": "Hello {{name}}!", "tags": {"example_key": "example_value"}, "description": "An example prompt version"}""";
          case PROMPT_TAG ->
              topic.action() == RegistryAction.SET
                  ? """
                  {"name": "example_prompt", "key": "example_key", "value": "example_value"}"""
                  : """
                  {"name": "example_prompt", "key": "example_key"}""";
          case PROMPT_VERSION_TAG ->
              topic.action() == RegistryAction.SET
                  ? """
                  {"name": "example_prompt", "version": "1", "key": "example_key", "value": "example_value"}"""
                  : """
                  {"name": "example_prompt", "version": "1", "key": "example_key"}""";
          case PROMPT_ALIAS ->
              topic.action() == RegistryAction.CREATED
                  ? """
                  {"name": "example_prompt", "alias": "example_alias", "version": "1"}"""
                  : """
                  {"name": "example_prompt", "alias": "example_alias"}""";
          case BUDGET_POLICY ->
              """
              {"name": "example_policy"}""";
        };
    return message(UUID.randomUUID(), topic, now, "", (ObjectNode) JSON.readTree(data));
  }

  private static Optional<Message> message(
      History.Entry entry, RegistryEntity entity, RegistryAction action, ObjectNode data) {
    ByteBuffer name = ByteBuffer.wrap(StandardMessages.name(entry));
    // Version 8 of RFC 9562: whatever the maker likes.
    UUID id =
        new UUID(
            (name.getLong() & ~0xF000L) | 0x8000L,
            (name.getLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L);
    return Optional.of(
        message(
            id,
            new RegistryTopic(entity, action),
            entry.event().time(),
            Message.keyOf(entry.event()),
            data));
  }

  private static Message message(
      UUID id, RegistryTopic topic, Instant time, String key, ObjectNode data) {
    ObjectNode body = JSON.createObjectNode();
    body.put("entity", topic.entity().lower());
    body.put("action", topic.action().lower());
    body.put("timestamp", time.toString());
    body.set("data", data);
    return new Message(id.toString(), topic.name(), key, JSON.writeValueAsString(body));
  }

  private static ObjectNode model(JsonNode event, Description description, boolean prompt) {
    ObjectNode data = JSON.createObjectNode();
    data.put("name", name(event));
    tags(data, description.tags(), prompt);
    data.put("description", description.text());
    return data;
  }

  private static ObjectNode version(JsonNode event, Description description) {
    ObjectNode data = JSON.createObjectNode();
    data.put("name", name(event));
    data.put("version", versionOf(event));
    data.put("source", event.path("source").asString(""));
    data.set("run_id", event.path("runId").isString() ? event.path("runId") : JSON.nullNode());
    tags(data, description.tags(), false);
    data.put("description", description.text().isEmpty() ? null : description.text());
    return data;
  }

  private static ObjectNode promptVersion(JsonNode event, Description description) {
    ObjectNode data = JSON.createObjectNode();
    data.put("name", name(event));
    data.put("version", versionOf(event));
    data.put("template", description.tags().getOrDefault(TEMPLATE, ""));
    tags(data, description.tags(), true);
    data.put("description", description.text().isEmpty() ? null : description.text());
    return data;
  }

  private static ObjectNode tag(JsonNode event, boolean ofVersion, boolean removed) {
    ObjectNode data = JSON.createObjectNode();
    data.put("name", name(event));
    if (ofVersion) {
      data.put("version", versionOf(event));
    }
    data.put("key", event.path("key").asString(""));
    if (!removed) {
      data.put("value", event.path("value").asString(""));
    }
    return data;
  }

  private static ObjectNode alias(JsonNode event, boolean gone) {
    ObjectNode data = JSON.createObjectNode();
    data.put("name", name(event));
    data.put("alias", event.path("alias").asString(""));
    if (!gone) {
      data.put("version", versionOf(event));
    }
    return data;
  }

  private static void tags(ObjectNode data, Map<String, String> tags, boolean prompt) {
    ObjectNode shown = data.putObject("tags");
    tags.forEach(
        (key, value) -> {
          if (!prompt || !key.startsWith(RESERVED)) {
            shown.put(key, value);
          }
        });
  }

  private static boolean reserved(JsonNode event) {
    return event.path("key").asString("").startsWith(RESERVED);
  }

  private static String name(JsonNode event) {
    return event.path("modelName").asString("");
  }

  private static String versionOf(JsonNode event) {
    return Integer.toString(event.path("version").asInt());
  }
}
