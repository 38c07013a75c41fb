package io.millrace.inference.v2;

import io.millrace.inference.models.ModelTable;
import io.millrace.inference.models.NotServed;
import io.millrace.inference.models.Readiness;
import io.millrace.inference.models.ServedModel;
import io.millrace.inference.requests.Refusal;
import io.millrace.inference.requests.Scoring;
import io.millrace.inference.requests.Targets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** The paths below `/v2`. Every error is `{"error": "..."}`. */
@Configuration(proxyBeanMethods = false)
class OpenInferenceRoutes {

  private static final String MODEL = "/v2/models/{model}";
  private static final String VERSION = "/v2/models/{model}/versions/{version}";

  private final ModelTable models;
  private final Readiness readiness;
  private final Scoring scoring;
  private final InferProtocol protocol;
  private final Targets targets;

  OpenInferenceRoutes(
      ModelTable models,
      Readiness readiness,
      Scoring scoring,
      InferProtocol protocol,
      Targets targets) {
    this.models = models;
    this.readiness = readiness;
    this.scoring = scoring;
    this.protocol = protocol;
    this.targets = targets;
  }

  @Bean
  RouterFunction<ServerResponse> openInference() {
    return RouterFunctions.route()
        .GET("/v2", request -> server())
        .GET("/v2/", request -> server())
        .GET("/v2/health/live", request -> json(HttpStatus.OK, Map.of("live", true)))
        .GET("/v2/health/ready", request -> ready())
        .GET("/v2/models", this::list)
        .GET(
            MODEL,
            request -> onModel(request, model -> json(HttpStatus.OK, ModelMetadata.of(model))))
        .GET(
            VERSION,
            request -> onModel(request, model -> json(HttpStatus.OK, ModelMetadata.of(model))))
        .GET(MODEL + "/ready", request -> onModel(request, OpenInferenceRoutes::modelReady))
        .GET(VERSION + "/ready", request -> onModel(request, OpenInferenceRoutes::modelReady))
        .POST(MODEL + "/infer", this::infer)
        .POST(VERSION + "/infer", this::infer)
        .path("/v2", rest -> rest.route(all -> true, OpenInferenceRoutes::elsewhere))
        .build();
  }

  private static Mono<ServerResponse> server() {
    String version = OpenInferenceRoutes.class.getPackage().getImplementationVersion();
    return json(
        HttpStatus.OK,
        Map.of(
            "name",
            "millrace-inference",
            "version",
            version == null ? "unpackaged" : version,
            "extensions",
            List.of()));
  }

  private Mono<ServerResponse> ready() {
    boolean ready = readiness.ready();
    return json(ready ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE, Map.of("ready", ready));
  }

  private Mono<ServerResponse> list(ServerRequest request) {
    String environment = targets.environment(request.exchange().getRequest());
    return json(
        HttpStatus.OK,
        Map.of(
            "models",
            models.all().stream()
                .filter(m -> m.endpoint().environment().equals(environment))
                .map(m -> m.endpoint().model())
                .toList()));
  }

  private static Mono<ServerResponse> modelReady(ServedModel model) {
    return json(HttpStatus.OK, Map.of("name", model.endpoint().model(), "ready", true));
  }

  private Mono<ServerResponse> infer(ServerRequest request) {
    if (request.headers().firstHeader("Inference-Header-Content-Length") != null) {
      return error(InferRequest.binary());
    }
    return scoring
        .call(request.exchange().getRequest(), target(request), protocol)
        .flatMap(
            answer ->
                ServerResponse.ok()
                    .contentType(MediaType.APPLICATION_JSON)
                    .header("Millrace-Prediction-Id", answer.id().toString())
                    .bodyValue(answer.json()))
        .onErrorResume(Refusal.class, OpenInferenceRoutes::error);
  }

  private Mono<ServerResponse> onModel(
      ServerRequest request, Function<ServedModel, Mono<ServerResponse>> answer) {
    ServedModel model;
    try {
      Scoring.Target target = target(request);
      model = models.acquire(target.environment(), target.model(), target.version());
    } catch (NotServed e) {
      return error(new Refusal(HttpStatus.NOT_FOUND, String.valueOf(e.getMessage())));
    }
    try {
      return answer.apply(model);
    } finally {
      model.release();
    }
  }

  private Scoring.Target target(ServerRequest request) {
    @Nullable String version = request.pathVariables().get("version");
    return new Scoring.Target(
        targets.environment(request.exchange().getRequest()),
        request.pathVariable("model"),
        version);
  }

  private static Mono<ServerResponse> elsewhere(ServerRequest request) {
    boolean known =
        request
            .path()
            .matches(
                "/v2/?|/v2/health/(live|ready)|/v2/models(/[^/]+(/versions/[^/]+)?(/(ready|infer))?)?");
    return known
        ? error(
            new Refusal(
                HttpStatus.METHOD_NOT_ALLOWED,
                request.path().endsWith("/infer") ? "infer takes POST" : "this path takes GET"))
        : error(
            new Refusal(
                HttpStatus.NOT_FOUND,
                "there is no such path; inference is POST /v2/models/{name}/infer"));
  }

  private static Mono<ServerResponse> error(Refusal refusal) {
    ServerResponse.BodyBuilder answer = ServerResponse.status(refusal.status());
    if (refusal.status() == HttpStatus.TOO_MANY_REQUESTS) {
      answer.header("Retry-After", "1");
    }
    return answer
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(Map.of("error", refusal.reason()));
  }

  private static Mono<ServerResponse> json(HttpStatus status, Object body) {
    return ServerResponse.status(status).contentType(MediaType.APPLICATION_JSON).bodyValue(body);
  }
}
