/* Grey level co-occurrence in a neighbourhood. */
#ifndef ESCC_MAPS_GLCM_H
#define ESCC_MAPS_GLCM_H

#include "_maps_kernel.h"

enum { N_GLCM = 24 };

/* One direction's symmetric matrix over the levels of the neighbourhood. */
typedef struct {
    int n;
    double p[SLOTS * SLOTS], px[SLOTS], py[SLOTS], ux, uy;
} Cooccurrence;

/* Return 0 where the direction has no pair. */
static int cooccur(const Kernel *k, const int *step, Cooccurrence *c)
{
    int total = 0, to;
    c->n = k->n;
    memset(c->p, 0, (size_t)(k->n * k->n) * sizeof(double));
    for (int s = 0; s < SLOTS; s++) {
        if (k->code[s] < 0 || !is_inside(s, step, &to) || k->code[to] < 0)
            continue;
        c->p[k->code[s] * k->n + k->code[to]]++;
        c->p[k->code[to] * k->n + k->code[s]]++;
        total += 2;
    }
    if (total == 0)
        return 0;
    memset(c->px, 0, sizeof c->px);
    memset(c->py, 0, sizeof c->py);
    c->ux = c->uy = 0;
    for (int i = 0; i < k->n; i++)
        for (int j = 0; j < k->n; j++) {
            double p = c->p[i * k->n + j] /= total;
            c->px[i] += p;
            c->py[j] += p;
            c->ux += k->grey[i] * p;
            c->uy += k->grey[j] * p;
        }
    return 1;
}

static void joint_features(const Kernel *k, const Cooccurrence *c, double *out)
{
    double sigma_x = 0, sigma_y = 0, covariance = 0;
    for (int i = 0; i < c->n; i++)
        for (int j = 0; j < c->n; j++) {
            double p = c->p[i * c->n + j], gi = k->grey[i], gj = k->grey[j];
            double both = gi + gj - c->ux - c->uy, dx = gi - c->ux, dy = gj - c->uy;
            if (p == 0)
                continue;
            out[0] += p * (gi * gj);
            out[1] += p * pow(both, 4);
            out[2] += p * pow(both, 3);
            out[3] += p * (both * both);
            out[4] += p * ((gi - gj) * (gi - gj));
            sigma_x += p * (dx * dx);
            sigma_y += p * (dy * dy);
            covariance += p * dx * dy;
            out[17] += p * p;
            out[20] = p > out[20] ? p : out[20];
        }
    out[16] = c->ux;
    out[23] = sigma_x;
    sigma_x = sqrt(sigma_x) * sqrt(sigma_y);
    out[5] = sigma_x == 0 ? 1 : covariance / (sigma_x + EPS);
}

/* Informational measures of correlation. */
static void information_features(const Cooccurrence *c, double *out)
{
    double hx = 0, hy = 0, hxy = 0, hxy1 = 0, hxy2 = 0;
    for (int i = 0; i < c->n; i++) {
        hx += entropy_of(c->px[i]);
        hy += entropy_of(c->py[i]);
        for (int j = 0; j < c->n; j++) {
            double p = c->p[i * c->n + j], product = c->px[i] * c->py[j];
            if (product == 0)
                continue;
            double bits = log2(product + EPS);
            hxy += entropy_of(p);
            hxy1 -= p * bits;
            hxy2 -= product * bits;
        }
    }
    double larger = hx > hy ? hx : hy;
    out[13] = larger == 0 ? 0 : (hxy - hxy1) / larger;
    out[14] = hxy2 == hxy ? 0 : sqrt(1 - pow(EULER, -2 * (hxy2 - hxy)));
    out[18] = hxy;
}

/* The probabilities of the entries that share a value, such as one difference of levels; a direction has at most 36. */
typedef struct {
    int n;
    double at[2 * DIRECTIONS + 10], p[2 * DIRECTIONS + 10];
} Marginal;

static void add(Marginal *m, double at, double p)
{
    int i = 0;
    while (i < m->n && m->at[i] != at)
        i++;
    if (i == m->n) {
        m->at[m->n] = at;
        m->p[m->n++] = 0;
    }
    m->p[i] += p;
}

static void marginal_features(const Plan *plan, const Kernel *k, const Cooccurrence *c, double *out)
{
    double n_levels = (double)plan->n_levels;
    Marginal difference = {0}, sum = {0};
    for (int i = 0; i < c->n; i++)
        for (int j = 0; j < c->n; j++) {
            double p = c->p[i * c->n + j];
            if (p == 0)
                continue;
            add(&difference, fabs(k->grey[i] - k->grey[j]), p);
            add(&sum, k->grey[i] + k->grey[j], p);
        }
    for (int i = 0; i < difference.n; i++) {
        double p = difference.p[i], at = difference.at[i];
        out[6] += at * p;
        out[7] += entropy_of(p);
        out[9] += p / (1 + at);
        out[10] += p / (1 + at * at);
        out[11] += p / (1 + at * at / (n_levels * n_levels));
        out[12] += p / (1 + at / n_levels);
        out[15] += at > 0 ? p / (at * at) : 0;
    }
    for (int i = 0; i < difference.n; i++)
        out[8] += difference.p[i] * ((difference.at[i] - out[6]) * (difference.at[i] - out[6]));
    for (int i = 0; i < sum.n; i++) {
        out[21] += sum.at[i] * sum.p[i];
        out[22] += entropy_of(sum.p[i]);
    }
}

/* Bring a symmetric n x n matrix to diagonal d and squared off-diagonal e by Householder reflections. */
static void tridiagonalise(double *a, int n, double *d, double *e)
{
    double v[SLOTS], w[SLOTS];
    for (int c = 0; c < n; c++) {
        double norm = 0, vv = 0, wv = 0;
        d[c] = a[c * n + c];
        for (int i = c + 1; i < n; i++) {
            v[i] = a[i * n + c];
            norm += v[i] * v[i];
        }
        e[c] = norm;
        if (c + 2 >= n || norm == 0)
            continue;
        v[c + 1] += copysign(sqrt(norm), v[c + 1]);
        for (int i = c + 1; i < n; i++)
            vv += v[i] * v[i];
        for (int i = c + 1; i < n; i++) {
            w[i] = 0;
            for (int j = c + 1; j < n; j++)
                w[i] += a[i * n + j] * v[j];
            w[i] *= 2 / vv;
            wv += w[i] * v[i];
        }
        for (int i = c + 1; i < n; i++)
            w[i] -= wv / vv * v[i];
        for (int i = c + 1; i < n; i++)
            for (int j = c + 1; j < n; j++)
                a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
    }
}

/* The largest eigenvalue of sign * the tridiagonal matrix within [0, 1], by Sturm counts. */
static double largest_eigenvalue(const double *d, const double *e, int n, double sign)
{
    double low = 0, high = 1;
    for (int halving = 0; halving < 54; halving++) {
        double x = (low + high) / 2, q = 1;
        int above = 0;
        for (int i = 0; i < n && !above; i++) {
            q = sign * d[i] - x - (i ? e[i - 1] / (q == 0 ? -DBL_MIN : q) : 0);
            above = q > 0;
        }
        if (above)
            low = x;
        else
            high = x;
    }
    return low;
}

/* The maximal correlation coefficient: the second largest |eigenvalue| of P_ij / sqrt(px_i px_j), whose largest is 1
 * with the eigenvector sqrt(px). PyRadiomics takes the root of the second largest eigenvalue of its square. */
static double maximal_correlation(const Plan *plan, const Cooccurrence *c)
{
    double a[SLOTS * SLOTS], d[SLOTS], e[SLOTS], root[SLOTS];
    int at[SLOTS], n = 0;
    if (plan->n_present == 1)
        return 1;
    for (int i = 0; i < c->n; i++)
        if (c->px[i] > 0) {
            root[n] = sqrt(c->px[i]);
            at[n++] = i;
        }
    if (n == 1)
        return 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            a[i * n + j] = c->p[at[i] * c->n + at[j]] / (root[i] * root[j]) - root[i] * root[j];
    tridiagonalise(a, n, d, e);
    double positive = largest_eigenvalue(d, e, n, 1), negative = largest_eigenvalue(d, e, n, -1);
    return positive > negative ? positive : negative;
}

static void glcm(const Plan *plan, const Kernel *k, double *out)
{
    Means means = {0};
    Cooccurrence c;
    for (int a = 0; a < DIRECTIONS; a++) {
        double values[N_GLCM] = {0};
        if (!cooccur(k, plan->step[a], &c))
            continue;
        joint_features(k, &c, values);
        information_features(&c, values);
        marginal_features(plan, k, &c, values);
        values[19] = plan->wants_mcc ? maximal_correlation(plan, &c) : 0;
        take_in(&means, a, values, N_GLCM);
    }
    give_out(&means, N_GLCM, out);
    if (plan->n_present == 1)
        out[19] = 1;
}

#endif
