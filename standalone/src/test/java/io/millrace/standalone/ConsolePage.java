package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.console.Browser;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The console of a running platform, open in a real browser. */
final class ConsolePage implements AutoCloseable {

  private final Browser browser;

  ConsolePage(URI gateway) throws Exception {
    browser = new Browser(Browser.find().orElseThrow(), 1440, 900);
    browser.open(gateway);
  }

  /** Waits until one of the elements has all the texts, as a person reads them. */
  void shows(String selector, String... texts) {
    await(selector)
        .atMost(Journey.PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .pollInSameThread()
        .untilAsserted(
            () -> assertThat(texts(selector)).anySatisfy(text -> assertThat(text).contains(texts)));
  }

  /** None of these is on the page now. */
  void showsNothing(String... texts) throws Exception {
    assertThat(texts("body").getFirst()).doesNotContain(texts);
  }

  /** No error, no warning, no breach of the page's policy. */
  void complainsOfNothing() {
    assertThat(browser.complaints()).isEmpty();
  }

  private List<String> texts(String selector) throws Exception {
    return browser
        .evaluate(
            "[...document.querySelectorAll('%s')].map(element => element.innerText)"
                .formatted(selector))
        .valueStream()
        .map(JsonNode::asString)
        .map(text -> text.replace('\u00a0', ' ').replaceAll("\\s+", " "))
        .toList();
  }

  @Override
  public void close() throws Exception {
    browser.close();
  }
}
