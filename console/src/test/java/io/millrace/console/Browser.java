package io.millrace.console;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A headless Chromium and one page in it, driven over the DevTools protocol. Keeps every request
 * the page makes and everything it complains about.
 */
public final class Browser implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final Path ON_MACOS =
      Path.of("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");

  private final Process process;
  private final Path profile;
  private final WebSocket socket;
  private final AtomicInteger lastId = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();

  /** The browser of this machine, if there is one. */
  public static Optional<Path> find() {
    Stream<Path> onPath =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)));
    return Stream.concat(onPath, Stream.of(ON_MACOS)).filter(Files::isExecutable).findFirst();
  }

  public Browser(Path executable, int width, int height) throws Exception {
    profile = Files.createTempDirectory("console-test-");
    process =
        new ProcessBuilder(
                executable.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--window-size=" + width + "," + height,
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(profile.resolve("output").toFile())
            .start();
    HttpClient http = HttpClient.newHttpClient();
    String list = "http://127.0.0.1:" + port() + "/json/list";
    String page = null;
    while (page == null) {
      JsonNode targets =
          JSON.readTree(
              http.send(
                      HttpRequest.newBuilder(URI.create(list)).build(),
                      HttpResponse.BodyHandlers.ofString())
                  .body());
      for (JsonNode target : targets) {
        if (target.path("type").asString("").equals("page")) {
          page = target.path("webSocketDebuggerUrl").asString();
        }
      }
    }
    socket =
        http.newWebSocketBuilder()
            .buildAsync(URI.create(page), new Receiver())
            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    for (String domain : List.of("Page", "Runtime", "Network", "Log")) {
      call(domain + ".enable", Map.of());
    }
  }

  private int port() throws Exception {
    Path file = profile.resolve("DevToolsActivePort");
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(file) || Files.size(file) == 0) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException(
            "the browser did not start: " + Files.readString(profile.resolve("output")));
      }
      process.waitFor(50, TimeUnit.MILLISECONDS);
    }
    return Integer.parseInt(Files.readAllLines(file).getFirst());
  }

  public void open(URI address) throws Exception {
    call("Page.navigate", Map.of("url", address.toString()));
  }

  /** What the expression is in the page; promises are waited for. */
  public JsonNode evaluate(String expression) throws Exception {
    JsonNode answer =
        call(
            "Runtime.evaluate",
            Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
    if (answer.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + answer.path("exceptionDetails"));
    }
    return answer.path("result").path("value");
  }

  /** The text of the first element that matches, as a person sees it; empty if there is none. */
  public String text(String selector) throws Exception {
    return evaluate(
            "document.querySelector(" + JSON.writeValueAsString(selector) + ")?.innerText ?? ''")
        .asString();
  }

  /** Types into a field like a person: the page hears of it. */
  public void type(String selector, String text) throws Exception {
    evaluate("document.querySelector(" + JSON.writeValueAsString(selector) + ").focus()");
    call("Input.insertText", Map.of("text", text));
  }

  public void click(String selector) throws Exception {
    evaluate("document.querySelector(" + JSON.writeValueAsString(selector) + ").click()");
  }

  public void dark(boolean dark) throws Exception {
    call(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
  }

  public void screenshot(Path file) throws Exception {
    JsonNode answer = call("Page.captureScreenshot", Map.of("format", "png"));
    Files.write(file, Base64.getDecoder().decode(answer.path("data").asString()));
  }

  /** Addresses of all requests so far. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  /** Errors and warnings of the console, exceptions, breaches of the page's policy. */
  public List<String> complaints() {
    return List.copyOf(complaints);
  }

  @Override
  public void close() throws Exception {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    try (Stream<Path> files = Files.walk(profile)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }

  private JsonNode call(String method, Map<String, ?> parameters) throws Exception {
    int id = lastId.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    synchronized (socket) {
      socket
          .sendText(
              JSON.writeValueAsString(Map.of("id", id, "method", method, "params", parameters)),
              true)
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private void received(JsonNode message) {
    JsonNode parameters = message.path("params");
    if (message.has("id")) {
      CompletableFuture<JsonNode> answer = answers.remove(message.path("id").asInt());
      if (message.has("error")) {
        answer.completeExceptionally(new IOException(message.path("error").toString()));
      } else {
        answer.complete(message.path("result"));
      }
      return;
    }
    switch (message.path("method").asString("")) {
      case "Network.requestWillBeSent" ->
          requests.add(parameters.path("request").path("url").asString());
      case "Runtime.exceptionThrown" -> complaints.add(parameters.toString());
      case "Runtime.consoleAPICalled" -> {
        String kind = parameters.path("type").asString();
        if (kind.equals("error") || kind.equals("warning") || kind.equals("assert")) {
          complaints.add(parameters.path("args").toString());
        }
      }
      case "Log.entryAdded" -> complaints.add(parameters.path("entry").toString());
      default -> {
        // Of no interest here.
      }
    }
  }

  private final class Receiver implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        received(JSON.readTree(text.toString()));
        text.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  /** Takes pictures of a page: address, file, width, height, dark or light, what to do first. */
  public static void main(String[] arguments) throws Exception {
    try (Browser browser =
        new Browser(
            find().orElseThrow(), Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]))) {
      browser.dark(arguments[4].equals("dark"));
      browser.open(URI.create(arguments[0]));
      Thread.sleep(2500);
      if (arguments.length > 5) {
        browser.evaluate(arguments[5]);
        Thread.sleep(1500);
      }
      browser.screenshot(Path.of(arguments[1]));
      System.out.println(browser.complaints());
    }
  }
}
