package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class EventReferenceTest {
  private static final Path EVENTS = Path.of("../docs/events.md");
  private static final Path ASYNC_API = Path.of("../docs/asyncapi.yaml");

  @BeforeAll
  static void renewWhereAsked() throws IOException {
    Renewal.catalogue(Path.of("src/main/resources/schemas"));
  }

  @Test
  void committedPageIsCurrent() throws IOException {
    Renewal.write(EVENTS, EventReference.markdown());
    assertThat(EVENTS)
        .as("docs/events.md; renew it with: " + Renewal.COMMAND)
        .hasContent(EventReference.markdown());
  }

  @Test
  void committedAsyncApiIsCurrent() throws IOException {
    Renewal.write(ASYNC_API, AsyncApi.yaml());
    assertThat(ASYNC_API)
        .as("docs/asyncapi.yaml; renew it with: " + Renewal.COMMAND)
        .hasContent(AsyncApi.yaml());
  }

  @Test
  void asyncApiHasTheFormOfVersionThree() throws IOException {
    Map<String, Object> document = object(parse(AsyncApi.yaml()));
    assertThat(document).containsEntry("asyncapi", "3.0.0");
    assertThat(object(document.get("info"))).containsKeys("title", "version");
    object(document.get("channels"))
        .forEach(
            (name, channel) -> {
              assertThat(name).matches("[A-Za-z0-9_.-]+");
              assertThat(object(channel)).containsKeys("address", "messages");
              object(object(channel).get("messages"))
                  .values()
                  .forEach(message -> assertThat(follow(document, message)).containsKey("payload"));
            });
    object(document.get("operations"))
        .values()
        .forEach(
            value -> {
              Map<String, Object> operation = object(value);
              assertThat(operation.get("action")).isIn("send", "receive");
              assertThat(follow(document, operation.get("channel"))).containsKey("address");
              String channel = (String) object(operation.get("channel")).get("$ref");
              for (Object message : (List<?>) operation.get("messages")) {
                assertThat((String) object(message).get("$ref")).startsWith(channel + "/messages/");
                assertThat(follow(document, follow(document, message))).containsKey("payload");
              }
            });
    object(object(document.get("components")).get("messages"))
        .values()
        .forEach(
            value -> {
              Map<String, Object> message = object(value);
              assertThat(follow(document, message.get("headers"))).containsEntry("type", "object");
              String schema =
                  (String) object(object(message.get("payload")).get("schema")).get("$ref");
              assertThat(ASYNC_API.resolveSibling(schema)).exists();
            });
  }

  @Test
  void everyTopicIsAChannelWithAWriter() throws IOException {
    Map<String, Object> document = object(parse(AsyncApi.yaml()));
    assertThat(
            object(document.get("channels")).values().stream()
                .map(channel -> object(channel).get("address")))
        .containsExactlyElementsOf(Topics.all().stream().map(Topic::name).toList());
    assertThat(
            object(document.get("operations")).values().stream()
                .filter(operation -> "send".equals(object(operation).get("action"))))
        .hasSameSizeAs(Topics.all());
  }

  @Test
  void linksOfThePageLeadSomewhere() throws IOException {
    String page = EventReference.markdown();
    var link = java.util.regex.Pattern.compile("]\\(#([a-z]+)\\)").matcher(page);
    String lower = page.toLowerCase(java.util.Locale.ROOT);
    while (link.find()) {
      assertThat(lower).contains("### " + link.group(1) + "\n");
    }
  }

  private static Object parse(String yaml) {
    return new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
  }

  /** What a reference inside the document points to; anything else is itself. */
  private static Map<String, Object> follow(Map<String, Object> document, Object value) {
    if (!(object(value).get("$ref") instanceof String pointer)) {
      return object(value);
    }
    assertThat(pointer).startsWith("#/");
    Object at = document;
    for (String step : pointer.substring(2).split("/")) {
      at = object(at).get(step);
      assertThat(at).as(pointer).isNotNull();
    }
    return object(Objects.requireNonNull(at));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    assertThat(value).isInstanceOf(Map.class);
    return (Map<String, Object>) value;
  }
}
