package io.millrace.tracking.intake;

import io.millrace.messaging.TraceContext;
import java.io.IOException;
import org.springframework.http.HttpRequest;
import org.springframework.http.client.ClientHttpRequestExecution;
import org.springframework.http.client.ClientHttpRequestInterceptor;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.stereotype.Component;

/** Continues the trace of a request in the calls of artifact-service. */
@Component
class TraceHeader implements ClientHttpRequestInterceptor {

  @Override
  public ClientHttpResponse intercept(
      HttpRequest request, byte[] body, ClientHttpRequestExecution execution) throws IOException {
    TraceContext.current()
        .ifPresent(
            trace -> request.getHeaders().set(TraceContext.HEADER, trace.child().traceparent()));
    return execution.execute(request, body);
  }
}
