package io.millrace.gateway.routing;

import static org.springframework.cloud.gateway.support.ServerWebExchangeUtils.GATEWAY_ROUTE_ATTR;

import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.gateway.route.Route;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.PrematureCloseException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns what goes wrong in the gateway itself into the error form of the API that was called:
 * problem details for Millrace's own, MLflow's form on MLflow's paths, `{"error"}` on the inference
 * protocol's.
 */
@Component
@Order(-2)
class GatewayProblems implements WebExceptionHandler {

  private static final Logger log = LoggerFactory.getLogger(GatewayProblems.class);

  private final JsonMapper json = JsonMapper.builder().build();

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    if (exchange.getResponse().isCommitted()) {
      return Mono.error(failure);
    }
    var path = exchange.getRequest().getPath().value();
    if (failure instanceof ResponseStatusException status) {
      return refuse(exchange, HttpStatus.valueOf(status.getStatusCode().value()), status);
    }
    if (isConnectionTrouble(failure)) {
      var service = serviceOf(exchange);
      exchange.getResponse().getHeaders().set(HttpHeaders.RETRY_AFTER, "1");
      return write(
          exchange,
          HttpStatus.SERVICE_UNAVAILABLE,
          "service-unavailable",
          service + " does not answer. It may be starting: `./millrace status` shows how it is.");
    }
    log.warn("{} {} failed", exchange.getRequest().getMethod(), path, failure);
    return write(
        exchange,
        HttpStatus.INTERNAL_SERVER_ERROR,
        "internal-error",
        "The gateway failed; its log says why.");
  }

  private Mono<Void> refuse(
      ServerWebExchange exchange, HttpStatus status, ResponseStatusException failure) {
    var path = exchange.getRequest().getPath().value();
    return switch (status) {
      case NOT_FOUND ->
          write(
              exchange,
              status,
              "not-found",
              "There is nothing at " + path + ". The API is listed in docs/architecture.md.");
      case METHOD_NOT_ALLOWED ->
          write(
              exchange,
              status,
              "method-not-allowed",
              path + " does not take " + exchange.getRequest().getMethod());
      default -> {
        var reason = failure.getReason();
        yield write(
            exchange,
            status,
            status.is5xxServerError() ? "service-unavailable" : "bad-request",
            reason == null ? failure.getMessage() : reason);
      }
    };
  }

  private static boolean isConnectionTrouble(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketException
          || cause instanceof PrematureCloseException
          || cause instanceof TimeoutException) {
        return true;
      }
    }
    return false;
  }

  private static String serviceOf(ServerWebExchange exchange) {
    return exchange.getAttribute(GATEWAY_ROUTE_ATTR) instanceof Route route
        ? route.getId()
        : "The service";
  }

  Mono<Void> write(ServerWebExchange exchange, HttpStatus status, String code, String message) {
    var path = exchange.getRequest().getPath().value();
    Map<String, Object> body = new LinkedHashMap<>();
    var mediaType = MediaType.APPLICATION_JSON;
    if (path.contains("/mlflow")) {
      body.put(
          "error_code",
          switch (status) {
            case NOT_FOUND -> "ENDPOINT_NOT_FOUND";
            case BAD_REQUEST -> "INVALID_PARAMETER_VALUE";
            case SERVICE_UNAVAILABLE -> "TEMPORARILY_UNAVAILABLE";
            case INTERNAL_SERVER_ERROR -> "INTERNAL_ERROR";
            default -> "BAD_REQUEST";
          });
      body.put("message", message);
    } else if (path.startsWith("/v2")) {
      body.put("error", message);
    } else {
      mediaType = MediaType.APPLICATION_PROBLEM_JSON;
      body.put("type", "about:blank");
      body.put("title", status.getReasonPhrase());
      body.put("status", status.value());
      body.put("detail", message);
      body.put("code", code);
    }
    var response = exchange.getResponse();
    response.setStatusCode(status);
    response.getHeaders().setContentType(mediaType);
    var bytes = json.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
    return response.writeWith(Mono.just(response.bufferFactory().wrap(bytes)));
  }
}
