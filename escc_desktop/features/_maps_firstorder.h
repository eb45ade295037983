/* First-order features of a neighbourhood. */
#ifndef ESCC_MAPS_FIRSTORDER_H
#define ESCC_MAPS_FIRSTORDER_H

#include "_maps_kernel.h"

#include <stdlib.h>

enum { N_FIRSTORDER = 18 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, int n, double q)
{
    double at = (n - 1) * q, t = at - floor(at);
    int low = (int)floor(at), high = low + 1 < n ? low + 1 : n - 1;
    double a = sorted[low], b = sorted[high], difference = b - a;
    return t >= 0.5 ? b - difference * (1 - t) : a + difference * t;
}

/* Mean of pow(x - centre, power) over the slots with a value; 0 stands where there is none, as numpy.nanmean has it. */
static double moment(const double *x, const unsigned char *has, double centre, int power, int n)
{
    double term[SLOTS];
    for (int s = 0; s < SLOTS; s++) {
        double d = has[s] ? x[s] - centre : 0;
        term[s] = power == 1 ? fabs(d) : power == 2 ? d * d : power == 3 ? d * d * d : (d * d) * (d * d);
    }
    return sum_like_numpy(term, SLOTS) / n;
}

static double robust_deviation(const double *x, const unsigned char *has, double low, double high)
{
    double kept[SLOTS];
    unsigned char within[SLOTS];
    int n = 0;
    for (int s = 0; s < SLOTS; s++) {
        within[s] = has[s] && !(x[s] - low < 0) && !(x[s] - high > 0);
        kept[s] = within[s] ? x[s] : 0;
        n += within[s];
    }
    return moment(x, within, sum_like_numpy(kept, SLOTS) / n, 1, n);
}

static void histogram(const Kernel *k, double *entropy, double *uniformity)
{
    int count[SLOTS] = {0};
    *entropy = *uniformity = 0;
    for (int s = 0; s < SLOTS; s++)
        if (k->code[s] >= 0)
            count[k->code[s]]++;
    for (int i = 0; i < k->n; i++) {
        double p = (double)count[i] / k->n_voxels;
        *entropy -= p * log2(p + EPS);
        *uniformity += p * p;
    }
}

static void firstorder(const Plan *plan, const Kernel *k, double *out)
{
    double x[SLOTS], sorted[SLOTS], square[SLOTS];
    unsigned char has[SLOTS];
    int n = 0;
    for (int s = 0; s < SLOTS; s++) { /* PyRadiomics goes from the last slot to the first and takes the centre last */
        int slot = s == SLOTS - 1 ? CENTRE : s < CENTRE ? SLOTS - 1 - s : SLOTS - 2 - s;
        has[s] = k->code[slot] >= 0 && !isnan(k->value[slot]);
        x[s] = has[s] ? k->value[slot] : 0;
        square[s] = x[s] * x[s];
        if (has[s])
            sorted[n++] = x[s];
    }
    for (int i = 0; i < N_FIRSTORDER; i++)
        out[i] = NAN;
    histogram(k, &out[3], &out[16]);
    out[2] = sum_like_numpy(square, SLOTS);
    out[15] = out[2] * plan->voxel_volume;
    if (n == 0)
        return;
    qsort(sorted, (size_t)n, sizeof(double), compare);
    double mean = sum_like_numpy(x, SLOTS) / n, m2 = moment(x, has, mean, 2, n), deviation = sqrt(m2);
    double scale = m2 == 0 ? 1 : m2;
    out[0] = percentile(sorted, n, 0.1);
    out[1] = percentile(sorted, n, 0.9);
    out[4] = percentile(sorted, n, 0.75) - percentile(sorted, n, 0.25);
    out[5] = moment(x, has, mean, 4, n) / (scale * scale);
    out[6] = sorted[n - 1];
    out[7] = moment(x, has, mean, 1, n);
    out[8] = mean;
    out[9] = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    out[10] = sorted[0];
    out[11] = out[6] - out[10];
    out[12] = robust_deviation(x, has, out[0], out[1]);
    out[13] = sqrt(out[2] / n);
    out[14] = moment(x, has, mean, 3, n) / pow(scale, 1.5);
    out[17] = deviation * deviation;
}

#endif
