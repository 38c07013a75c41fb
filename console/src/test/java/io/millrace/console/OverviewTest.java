package io.millrace.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The page as a person meets it: built, served, and opened in a real browser. */
class OverviewTest {
  private static final String RUNNING = "018fa3c2-7d1e-7c44-9b52-3f0a6c1d2e90";
  private static final String EMPTY = "{\"items\":[]}";

  private static Browser browser;

  private CannedGateway gateway;

  @BeforeAll
  static void startBrowser() throws Exception {
    Optional<Path> executable = Browser.find();
    assumeTrue(
        executable.isPresent(),
        "no Chromium or Chrome on PATH: the page is built but not opened; install chromium to test it");
    browser = new Browser(executable.orElseThrow(), 1400, 1000);
  }

  @AfterAll
  static void stopBrowser() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void startGateway() throws Exception {
    gateway = new CannedGateway(0);
  }

  @AfterEach
  void stopGateway() {
    gateway.close();
  }

  @Test
  void showsTheWholeJourneyWithoutAskingAnybodyElse() throws Exception {
    int before = browser.complaints().size();
    int asked = browser.requests().size();
    open();
    shows("#flows", "breast-cancer", "running", "awaiting approval", "rejected");
    shows(
        ".story", "Requested", "Trained", "Production", "184 / 300 trees", "accuracy", "log_loss");
    shows("#models", "roc_auc 0.9976", "production", "staging", "passed");
    shows("#runs", "spirited-heron-41", "notebook", "exploration");
    shows("#deployments", "production", "automatic", "inference-service-1 failed");
    shows(
        "#monitoring",
        "drifted",
        "31 of 31 columns drifted",
        "mean_smoothness",
        "< 0.001",
        "7.306");
    shows(".summary", "under way 1", "waiting for approval 1", "serving 3", "drifted 1");
    shows("#events", "DataValidated", "569 rows, all checks passed");
    shows(".top", "7 services up", "Live");
    assertThat(browser.evaluate("document.querySelectorAll('.steps li.done').length").asInt())
        .isEqualTo(3);
    assertThat(browser.evaluate("document.querySelectorAll('.sparkline polyline').length").asInt())
        .isEqualTo(2);
    assertThat(browser.requests().subList(asked, browser.requests().size()))
        .isNotEmpty()
        .allSatisfy(url -> assertThat(url).startsWith(gateway.address().toString()));
    assertThat(browser.complaints().subList(before, browser.complaints().size())).isEmpty();
  }

  @Test
  void drawsTheWindowsOfTheMonitoring() throws Exception {
    open();
    shows(".windows", "50 rows: 100 % of the columns drifted");
    assertThat(browser.evaluate("document.querySelectorAll('.windows li.bad').length").asInt())
        .isPositive();
    assertThat(browser.evaluate("document.querySelectorAll('.windows li.good').length").asInt())
        .isPositive();
  }

  @Test
  void showsWhatWasServedBefore() throws Exception {
    open();
    shows("#deployments", "rolled back by lead", "second thoughts", "revision 4");
    browser.click("#deployments button[aria-expanded]");
    shows(".history", "3 v3 automatic", "1 v1 automatic");
  }

  @Test
  void opensARunWithItsCurvesAndParameters() throws Exception {
    open();
    shows("#runs", "spirited-heron-41");
    browser.click("#runs button[aria-expanded]");
    shows(".opened", "log_loss", "trees 300", "5f1c2a9be0d34c7fa6b8d1e2f3a40517");
    eventually("the whole curve")
        .until(
            () ->
                browser
                    .evaluate("document.querySelector('.opened .sparkline svg')?.textContent ?? ''")
                    .asString()
                    .startsWith("184 values"));
  }

  @Test
  void tellsTheStoryOfTheChosenFlow() throws Exception {
    open();
    shows("#flows", "iris");
    browser.click(".flow-list li:nth-child(2) button");
    shows(".story", "waits for approval", "Evaluation on 85 held-out rows", "0.976 – 1.000");
    shows(".gates", "roc_auc at least 0.95");
    browser.click(".flow-list li:nth-child(4) button");
    shows(".story", "refused", "did you mean trainer?", "unknown-dataset");
    browser.click(".flow-list li:nth-child(5) button");
    shows(".story", "out-of-memory", "Raise train.resources.memory");
  }

  @Test
  void followsTheEventsAsTheyCome() throws Exception {
    open();
    shows(".story", "184 / 300 trees");
    publish(
        5001,
        "MetricsLogged",
        "{\"requestId\":\"%s\",\"runId\":\"r\",\"metrics\":[{\"key\":\"validation.accuracy\",\"value\":0.98,\"step\":250,\"timestamp\":\"@0\"}],\"total\":1}"
            .formatted(RUNNING));
    shows(".story", "250 / 300 trees", "0.98");
    publish(
        5002,
        "ModelTrained",
        "{\"requestId\":\"%s\",\"runId\":\"r\",\"modelName\":\"breast-cancer\",\"metrics\":{}}"
            .formatted(RUNNING));
    shows("#events", "ModelTrained");
    eventually("step done")
        .until(
            () ->
                browser.evaluate("document.querySelectorAll('.steps li.done').length").asInt()
                    == 4);
  }

  @Test
  void filtersAndHoldsTheEvents() throws Exception {
    open();
    shows("#events", "TrainAccepted");
    browser.type("#events input[type=search]", "worker");
    eventually("only matching events")
        .until(() -> !browser.text(".feed").contains("TrainAccepted"));
    shows(".feed", "RunStarted", "on training-worker-1");
    browser.type("#events input[type=search]", " nothing like it");
    shows("#events", "No event of those kept here");
    browser.evaluate("document.querySelector('#events input[type=search]').select()");
    browser.type("#events input[type=search]", "drift");
    browser.click("#events button[aria-pressed]");
    shows("#events", "Resume");
    publish(
        5003,
        "DriftDetected",
        "{\"environment\":\"production\",\"modelName\":\"breast-cancer\",\"version\":2,\"columns\":[{\"column\":\"a\",\"drifted\":true}]}");
    browser.click("#events button[aria-pressed]");
    shows(".feed", "DriftDetected", "breast-cancer v2 in production, 1 of 1 columns");
  }

  @Test
  void approvesUnderANameAndShowsRefusals() throws Exception {
    open();
    shows(".approvals", "diabetes-risk v1 to production", "asked for by ada");
    browser.click(".approvals button[value=approve]");
    shows(".approvals", "Say who you are first");
    String path = "/api/v1/approvals/018fa3c2-b2c1-7a10-8f3e-6d5c4b3a2918/approve";
    gateway.answer(
        path,
        403,
        "{\"code\":\"own-request\",\"detail\":\"ada asked for this training, so somebody else must approve.\"}");
    browser.type(".approvals input[autocomplete=name]", "ada");
    browser.click(".approvals button[value=approve]");
    shows(".approvals", "somebody else must approve");
    gateway.answer(path, 200, "{}");
    gateway.answer("/api/v1/approvals", 200, EMPTY);
    browser.evaluate("document.querySelector('.approvals input[autocomplete=name]').select()");
    browser.type(".approvals input[autocomplete=name]", "grace");
    browser.type(".approvals .grow input", "Looks right.");
    eventually("buttons free")
        .until(
            () ->
                browser
                    .evaluate("!document.querySelector('.approvals button').disabled")
                    .asBoolean());
    browser.click(".approvals button[value=approve]");
    eventually("approvals gone")
        .until(() -> browser.evaluate("document.querySelector('.approvals') === null").asBoolean());
    assertThat(gateway.posts())
        .last()
        .isEqualTo(path + " {\"by\":\"grace\",\"comment\":\"Looks right.\"}");
  }

  @Test
  void saysWhatToDoWhereThereIsNothing() throws Exception {
    for (String list :
        List.of("flows", "runs", "models", "deployments", "monitoring", "approvals")) {
      gateway.answer("/api/v1/" + list, 200, EMPTY);
    }
    open();
    shows("#flows", "No request for a training yet", "./millrace demo");
    shows("#models", "No model is registered");
    shows("#runs", "MLFLOW_TRACKING_URI=" + gateway.address().toString().replaceAll("/$", ""));
    shows("#deployments", "Nothing is served");
    shows("#monitoring", "./millrace predict");
    shows("#events", "Listening. Nothing has happened yet.", "./millrace events");
    assertThat(browser.evaluate("document.querySelector('.approvals') === null").asBoolean())
        .isTrue();
  }

  @Test
  void saysWhichPartFailsAndRecovers() throws Exception {
    gateway.answer(
        "/api/v1/deployments",
        503,
        "{\"code\":\"unavailable\",\"detail\":\"deployment-service does not answer.\"}");
    open();
    shows("#deployments", "deployment-service does not answer.", "Trying again.");
    shows("#flows", "breast-cancer");
    gateway.answer("/api/v1/deployments", 200, EMPTY);
    browser.click("#deployments .trouble button");
    shows("#deployments", "Nothing is served");
  }

  @Test
  void resumesABrokenStreamWhereItStopped() throws Exception {
    open();
    shows(".top", "Live");
    publish(
        6001, "DriftResolved", "{\"environment\":\"staging\",\"modelName\":\"m\",\"columns\":[]}");
    shows("#events", "DriftResolved");
    gateway.breakStreams();
    shows(".top", "Reconnecting");
    shows(".lost", "The event stream is interrupted");
    gateway.resumeStreams();
    shows(".top", "Live");
    assertThat(gateway.streamQueries()).contains("null").last().asString().contains("6001");
    assertThat(browser.evaluate("document.querySelector('.lost') === null").asBoolean()).isTrue();
  }

  private void open() throws Exception {
    browser.open(gateway.address());
    eventually("stream open").until(() -> gateway.openStreams() > 0);
  }

  private void publish(long seq, String type, String data) throws Exception {
    gateway.publish(
        seq,
        type,
        "{\"seq\":%d,\"id\":\"e%d\",\"type\":\"%s\",\"key\":\"k\",\"time\":\"@0\",\"topic\":\"t\",\"data\":%s}"
            .formatted(seq, seq, type, data));
  }

  private static void shows(String selector, String... texts) {
    eventually(selector)
        .untilAsserted(
            () ->
                assertThat(browser.text(selector).replace('\u00a0', ' ').replaceAll("\\s+", " "))
                    .contains(texts));
  }

  private static ConditionFactory eventually(String what) {
    return await(what)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(100))
        .pollInSameThread();
  }
}
