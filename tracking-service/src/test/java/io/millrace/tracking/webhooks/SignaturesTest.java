package io.millrace.tracking.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SignaturesTest {

  private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  private static final long TIME = 1614265330;
  private static final String BODY = "{\"test\": 2432232314}";

  @Test
  void signAsTheVectorOfStandardWebhooks() {
    assertThat(
            Signatures.standard(ID, TIME, BODY, List.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
        .containsEntry("webhook-id", ID)
        .containsEntry("webhook-timestamp", "1614265330")
        .containsEntry("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void signAsTheVectorOfMlflow() {
    assertThat(Signatures.mlflow(ID, TIME, BODY, List.of("topsecret")))
        .containsEntry("X-MLflow-Delivery-Id", ID)
        .containsEntry("X-MLflow-Timestamp", "1614265330")
        .containsEntry("X-MLflow-Signature", "v1,fuS9joqOuYY7xyeRZIyVXmXrTETpl0RXS4whTR6ljk4=");
    assertThat(Signatures.mlflow(ID, TIME, BODY, List.of()))
        .doesNotContainKey("X-MLflow-Signature");
  }

  @Test
  void signTwiceWhileASecretIsReplaced() {
    String signature =
        Signatures.standard(
                ID,
                TIME,
                BODY,
                List.of(Signatures.newSecret(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
            .get("webhook-signature");
    assertThat(signature.split(" "))
        .hasSize(2)
        .contains("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void knowWhatASecretIs() {
    assertThat(Signatures.isSecret(Signatures.newSecret())).isTrue();
    assertThat(
            List.of(
                "",
                "whsec_",
                "whsec_c2hvcnQ=",
                "whsec_***",
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "whsec_" + "A".repeat(200)))
        .noneMatch(Signatures::isSecret);
  }
}
