/** What each environment is to serve, what its replicas say, and the history of both. */
@NullMarked
package io.millrace.deployment.environments;

import org.jspecify.annotations.NullMarked;
