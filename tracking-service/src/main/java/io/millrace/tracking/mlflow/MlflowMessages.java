package io.millrace.tracking.mlflow;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.core.io.buffer.DataBuffer;
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
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads each request of an {@link MlflowApi} into an {@link MlflowMessage}. */
@Configuration(proxyBeanMethods = false)
class MlflowMessages implements WebFluxConfigurer, HandlerMethodArgumentResolver {

  /** Of a body that is too long, so much is taken from the wire so that the refusal is heard. */
  private static final int TIMES_DISCARDED = 10;

  static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(100).build())
                  .build())
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private final long largestBody;

  MlflowMessages(MlflowSettings settings) {
    this.largestBody = settings.largestBody().toBytes();
  }

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
    if (isRead(request.getMethod()) && !query.isEmpty()) {
      return Mono.just(new MlflowMessage(fromQuery(query)));
    }
    if (request.getMethod() == HttpMethod.POST || request.getMethod() == HttpMethod.PUT) {
      requireJson(request.getHeaders());
    }
    return request
        .getBody()
        .reduceWith(() -> new Body(largestBody), Body::plus)
        .map(body -> new MlflowMessage(body.bytes()));
  }

  private static boolean isRead(HttpMethod method) {
    return method == HttpMethod.GET || method == HttpMethod.HEAD;
  }

  /** The bytes of a request as they come; of too many nothing is kept. */
  private static final class Body {

    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final long most;
    private long length;

    Body(long most) {
      this.most = most;
    }

    Body plus(DataBuffer buffer) {
      try {
        length += buffer.readableByteCount();
        if (length > most * TIMES_DISCARDED) {
          throw tooLong();
        }
        if (length > most) {
          kept.reset();
        } else {
          byte[] bytes = new byte[buffer.readableByteCount()];
          buffer.read(bytes);
          kept.writeBytes(bytes);
        }
        return this;
      } finally {
        DataBufferUtils.release(buffer);
      }
    }

    byte[] bytes() {
      if (length > most) {
        throw tooLong();
      }
      return kept.toByteArray();
    }

    private MlflowException tooLong() {
      return MlflowException.invalid(
          "The request body has more than %d bytes. Split it over several requests."
              .formatted(most));
    }
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
  static ObjectNode fromBody(byte[] body) {
    JsonNode node = tree(() -> JSON.readTree(body));
    if (node.isString()) {
      String inner = node.stringValue();
      node = tree(() -> JSON.readTree(inner));
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    if (node.isMissingNode() || node.isNull()) {
      return JSON.createObjectNode();
    }
    throw MlflowException.invalid("The request body must be a JSON object.");
  }

  private static JsonNode tree(Supplier<JsonNode> parsing) {
    try {
      return parsing.get();
    } catch (StreamConstraintsException beyondAnyMessage) {
      throw MlflowException.invalid(
          "The request body is deeper, or has a longer number or name, than any message: "
              + beyondAnyMessage.getOriginalMessage());
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
}
