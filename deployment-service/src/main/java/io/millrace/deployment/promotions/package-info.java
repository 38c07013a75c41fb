/** The way of a model version through the environments: policies, approvals, rollback. */
@NullMarked
package io.millrace.deployment.promotions;

import org.jspecify.annotations.NullMarked;
