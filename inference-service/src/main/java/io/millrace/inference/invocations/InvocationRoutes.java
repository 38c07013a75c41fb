package io.millrace.inference.invocations;

import io.millrace.inference.models.Readiness;
import io.millrace.inference.requests.Refusal;
import io.millrace.inference.requests.RequestSettings;
import io.millrace.inference.requests.Scoring;
import io.millrace.inference.requests.Targets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** The paths of MLflow's scoring server. Errors have MLflow's form. */
@Configuration(proxyBeanMethods = false)
class InvocationRoutes {

  private final Scoring scoring;
  private final Targets targets;
  private final Readiness readiness;
  private final int mostRows;

  InvocationRoutes(
      Scoring scoring, Targets targets, Readiness readiness, RequestSettings settings) {
    this.scoring = scoring;
    this.targets = targets;
    this.readiness = readiness;
    this.mostRows = settings.maxRows();
  }

  @Bean
  RouterFunction<ServerResponse> invocations() {
    return RouterFunctions.route()
        .GET("/ping", request -> ping())
        .POST("/invocations", this::invoke)
        .build();
  }

  private Mono<ServerResponse> ping() {
    return ServerResponse.status(readiness.ready() ? HttpStatus.OK : HttpStatus.NOT_FOUND)
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue("\n");
  }

  private Mono<ServerResponse> invoke(ServerRequest request) {
    ServerHttpRequest http = request.exchange().getRequest();
    return Mono.defer(
            () -> {
              InvocationProtocol protocol = new InvocationProtocol(isCsv(http), mostRows);
              @Nullable String model = http.getQueryParams().getFirst("model");
              return scoring.call(
                  http,
                  new Scoring.Target(
                      targets.environment(http),
                      model == null || model.isBlank() ? null : model,
                      http.getQueryParams().getFirst("version")),
                  protocol);
            })
        .flatMap(
            answer ->
                ServerResponse.ok()
                    .contentType(MediaType.APPLICATION_JSON)
                    .header("Millrace-Prediction-Id", answer.id().toString())
                    .bodyValue(answer.json()))
        .onErrorResume(Refusal.class, InvocationRoutes::error);
  }

  /** True for CSV, false for JSON, a refusal for everything else. */
  private static boolean isCsv(ServerHttpRequest request) {
    @Nullable MediaType type;
    try {
      type = request.getHeaders().getContentType();
    } catch (InvalidMediaTypeException e) {
      type = null;
    }
    if (type != null) {
      for (Map.Entry<String, String> parameter : type.getParameters().entrySet()) {
        String value = parameter.getValue().replace("\"", "");
        if (!parameter.getKey().equalsIgnoreCase("charset") || !value.equalsIgnoreCase("utf-8")) {
          throw unsupported("the only parameter of Content-Type may be charset=utf-8");
        }
      }
      if (type.getType().equals("application") && type.getSubtype().equals("json")) {
        return false;
      }
      if (type.getType().equals("text") && type.getSubtype().equals("csv")) {
        return true;
      }
    }
    throw unsupported("Content-Type must be application/json or text/csv");
  }

  private static Refusal unsupported(String message) {
    return new Refusal(HttpStatus.UNSUPPORTED_MEDIA_TYPE, message);
  }

  private static Mono<ServerResponse> error(Refusal refusal) {
    HttpStatus status = refusal.status();
    if (status == HttpStatus.UNSUPPORTED_MEDIA_TYPE) {
      return ServerResponse.status(status)
          .contentType(MediaType.TEXT_PLAIN)
          .bodyValue(refusal.reason());
    }
    String code =
        switch (status) {
          case NOT_FOUND -> "RESOURCE_DOES_NOT_EXIST";
          case TOO_MANY_REQUESTS -> "REQUEST_LIMIT_EXCEEDED";
          case INTERNAL_SERVER_ERROR -> "INTERNAL_ERROR";
          default -> "BAD_REQUEST";
        };
    ServerResponse.BodyBuilder answer = ServerResponse.status(status);
    if (status == HttpStatus.TOO_MANY_REQUESTS) {
      answer.header("Retry-After", "1");
    }
    return answer
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(Map.of("error_code", code, "message", refusal.reason()));
  }
}
