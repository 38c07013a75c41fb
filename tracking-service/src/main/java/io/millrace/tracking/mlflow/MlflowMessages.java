package io.millrace.tracking.mlflow;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.ArgumentResolverConfigurer;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads each request of an {@link MlflowApi} into an {@link MlflowMessage}. */
@Configuration(proxyBeanMethods = false)
class MlflowMessages implements WebFluxConfigurer, HandlerMethodArgumentResolver {

  /** A batch of 1000 metrics with the longest keys fits; MLflow documents 1 MB. */
  private static final int LARGEST_BODY = 4 << 20;

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(100).build())
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  @Override
  public void configureArgumentResolvers(ArgumentResolverConfigurer configurer) {
    configurer.addCustomResolver(this);
  }

  @Override
  public boolean supportsParameter(MethodParameter parameter) {
    return parameter.getParameterType() == MlflowMessage.class;
  }

  @Override
  public Mono<Object> resolveArgument(
      MethodParameter parameter, BindingContext bindingContext, ServerWebExchange exchange) {
    ServerHttpRequest request = exchange.getRequest();
    Map<String, List<String>> query = request.getQueryParams();
    if (request.getMethod() == HttpMethod.GET && !query.isEmpty()) {
      return Mono.just(new MlflowMessage(fromQuery(query)));
    }
    if (request.getMethod() == HttpMethod.POST || request.getMethod() == HttpMethod.PUT) {
      requireJson(request.getHeaders());
    }
    return DataBufferUtils.join(request.getBody(), LARGEST_BODY)
        .map(MlflowMessages::text)
        .defaultIfEmpty("")
        .map(body -> new MlflowMessage(fromBody(body)))
        .cast(Object.class)
        .onErrorMap(
            DataBufferLimitException.class,
            tooLarge ->
                MlflowException.invalid(
                    "The request body has more than %d bytes. Split it over several requests."
                        .formatted(LARGEST_BODY)));
  }

  private static ObjectNode fromQuery(Map<String, List<String>> query) {
    ObjectNode fields = JSON.createObjectNode();
    query.forEach(
        (name, values) -> {
          if (values.size() == 1) {
            fields.put(name, values.getFirst() == null ? "" : values.getFirst());
          } else {
            ArrayNode list = fields.putArray(name);
            values.forEach(list::add);
          }
        });
    return fields;
  }

  /**
   * What is not JSON counts as an empty message; old clients send a JSON object as a JSON string.
   */
  private static ObjectNode fromBody(String body) {
    JsonNode node = tree(body);
    if (node.isString()) {
      node = tree(node.stringValue());
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    if (node.isMissingNode() || node.isNull()) {
      return JSON.createObjectNode();
    }
    throw MlflowException.invalid("The request body must be a JSON object.");
  }

  private static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (JacksonException notJson) {
      return JSON.createObjectNode();
    }
  }

  private static void requireJson(HttpHeaders headers) {
    String type = headers.getFirst(HttpHeaders.CONTENT_TYPE);
    if (type == null) {
      throw MlflowException.invalid("Bad Request. Content-Type header is missing.");
    }
    if (!type.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
      throw MlflowException.invalid(
          "Bad Request. Content-Type must be one of ['application/json'].");
    }
  }

  private static String text(DataBuffer buffer) {
    try {
      return buffer.toString(StandardCharsets.UTF_8);
    } finally {
      DataBufferUtils.release(buffer);
    }
  }
}
