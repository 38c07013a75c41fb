package io.millrace.tracking.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.reactive.result.method.RequestMappingInfo;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;

/** docs/mlflow-compatibility.md says what is so. */
class CompatibilityTableIT {

  private static final Path PAGE = Path.of("../docs/mlflow-compatibility.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `(\\S+) (\\S+)` \\| ([^|]+) \\| `(\\w+)\\.(\\w+)` \\|.*");
  private static final Pattern SUM =
      Pattern.compile("Of the (\\d+) calls that MLflow 3\\.11 describes, (\\d+) are implemented");
  private static final String BESIDE = "## Beside the described calls";

  private record Call(
      String method, String path, String answeredBy, String testClass, String test) {

    String text() {
      return normal(method, path);
    }
  }

  private static String normal(String method, String path) {
    return method + " " + path.replaceAll("\\{[^}]*}", "{}");
  }

  private static String page() {
    try {
      return Files.readString(PAGE);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Call> calls(String text) {
    List<Call> calls = new ArrayList<>();
    for (String line : text.split("\n")) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        calls.add(
            new Call(row.group(1), row.group(2), row.group(3).strip(), row.group(4), row.group(5)));
      } else {
        assertThat(line).as("a row that is no call").doesNotStartWith("| `");
      }
    }
    return calls;
  }

  private static Set<String> calls(String text, String answeredBy) {
    Set<String> calls = new TreeSet<>();
    calls(text).stream()
        .filter(call -> call.answeredBy().equals(answeredBy))
        .map(Call::text)
        .forEach(calls::add);
    return calls;
  }

  /** What MLflow's clients can call, those that are only refused apart from the others. */
  private static Set<String> routes(boolean implemented) {
    Set<String> routes = new TreeSet<>();
    RunningTracking.shared()
        .bean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
        .getHandlerMethods()
        .forEach(
            (route, handler) -> {
              if (isMlflow(handler)
                  && implemented
                      != handler.getBeanType().getSimpleName().startsWith("NotImplemented")) {
                add(route, routes);
              }
            });
    return routes;
  }

  private static boolean isMlflow(HandlerMethod handler) {
    Class<?> type = handler.getBeanType();
    return type != UnknownEndpoints.class
        && (type == ServerEndpoints.class
            || AnnotatedElementUtils.hasAnnotation(type, MlflowApi.class));
  }

  private static void add(RequestMappingInfo route, Set<String> routes) {
    for (var pattern : route.getPatternsCondition().getPatterns()) {
      for (RequestMethod method : route.getMethodsCondition().getMethods()) {
        routes.add(normal(method.name(), pattern.getPatternString()));
      }
    }
  }

  /** Without the second of two addresses that differ in their prefix only. */
  private static Set<String> withoutTwins(Set<String> routes) {
    Set<String> single = new TreeSet<>(routes);
    single.removeIf(
        route ->
            route.contains(" /ajax-api/") && routes.contains(route.replace("/ajax-api/", "/api/")));
    return single;
  }

  @Test
  void tellsOfEveryCallThatIsAnswered() {
    assertThat(calls(page(), "tracking-service")).isEqualTo(withoutTwins(routes(true)));
  }

  @Test
  void tellsOfEveryCallThatIsRefused() {
    assertThat(calls(page(), "not implemented")).isEqualTo(withoutTwins(routes(false)));
  }

  @Test
  void isTrueForBothPrefixes() {
    Set<String> routes = routes(true);
    routes.addAll(routes(false));
    for (Call call : calls(page())) {
      boolean ours =
          call.answeredBy().equals("tracking-service")
              || call.answeredBy().equals("not implemented");
      if (ours && call.path().startsWith("/api/")) {
        assertThat(routes).contains(call.text().replace(" /api/", " /ajax-api/"));
      }
    }
  }

  @Test
  void namesTestsThatExist() throws IOException {
    List<Path> tests;
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      tests =
          files
              .filter(file -> file.toString().contains("/src/test/java/"))
              .filter(file -> file.toString().endsWith(".java"))
              .toList();
    }
    for (Call call : calls(page())) {
      List<Path> found =
          tests.stream()
              .filter(file -> file.getFileName().toString().equals(call.testClass() + ".java"))
              .toList();
      assertThat(found).as("%s, which shows %s", call.testClass(), call.text()).hasSize(1);
      assertThat(Files.readString(found.getFirst()))
          .as("%s, which shows %s", found.getFirst(), call.text())
          .containsPattern("void " + call.test() + "\\(");
    }
  }

  @Test
  void countsRight() {
    String described = page().substring(0, page().indexOf(BESIDE));
    Matcher sum = SUM.matcher(described);
    assertThat(sum.find()).isTrue();
    List<Call> calls = calls(described);
    assertThat(calls).hasSize(Integer.parseInt(sum.group(1)));
    assertThat(calls.stream().filter(call -> call.answeredBy().endsWith("-service")))
        .hasSize(Integer.parseInt(sum.group(2)));
    assertThat(calls(page()).stream().map(Call::text)).doesNotHaveDuplicates();
  }
}
