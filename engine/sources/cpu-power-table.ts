/**
 * What processors draw: sustained watts of a fully busy package and its hardware threads, from the makers' public product pages
 * (ark.intel.com; amd.com/en/products/specifications; amperecomputing.com product briefs; support.apple.com/102839).
 *
 * Watts are Intel's processor base power (TDP), but the maximum turbo power of desktop parts since the 12th generation, whose boards
 * allow it without end; AMD's package power limit of desktop parts (1.35 × TDP), else its TDP. Parts made for one cloud (9R14, 8375C)
 * have no product page: the nearest part on sale stands in. Idle watts of a class are rounded from published reviews; they matter
 * little, because the machine's own floor is learnt.
 */
export type PowerBlock = {
  /** Models that the block is about. */
  readonly of: RegExp
  readonly idle: { readonly watts: number } | { readonly ofMaxRatio: number }
  /** `watts/threads: names`, one line each, names between commas. */
  readonly rows: string
}

export const POWER_BLOCKS: readonly PowerBlock[] = [
  {
    of: /EPYC/,
    idle: { ofMaxRatio: 0.28 },
    rows: `
500/384: 9965
390/320: 9845
390/288: 9825
500/256: 9755
400/256: 9745
400/192: 9655, 9655P, 9684X, 9R45
360/192: 9654, 9654P, 9R14, 9B14, 9J14, 9V74, 9V33X
320/192: 9645
290/168: 9634
360/256: 9754
340/224: 9734
400/128: 9575F
360/128: 9555, 9555P, 9554, 9554P
300/128: 9535
280/128: 9534, 7763, 7773X, 7H12, 7J13, 7R13, 7B13, 7V13, 7K83
400/96: 9475F
360/96: 9474F
300/96: 9455, 9455P
290/96: 9454, 9454P
300/72: 9365
320/64: 9375F, 9374F
280/64: 9355, 9355P, 9354, 9354P, 75F3, 7573X
210/64: 9335, 9334
320/48: 9275F, 9274F
200/48: 9255, 9254, 9224, 7443, 7443P
320/32: 9175F, 9174F
200/32: 9135, 9124
125/32: 9115, 8124P, 8124PN
125/16: 9015
200/128: 8534P, 7702, 7702P
200/96: 8434P, 7552
180/64: 8324P, 7502, 7502P, 7601, 7551, 7551P
160/48: 8224P
90/16: 8024P
230/32: 4564P
120/32: 4584PX, 7282
65/24: 4464P
105/16: 4364P
65/16: 4344P
65/12: 4244P
225/128: 7713, 7713P, 7742, 7662
240/128: 7B12, 7V12
240/112: 7663, 7663P
225/96: 7643, 7642, 7R32
225/64: 7543, 7543P, 7542
200/64: 7513, 7571
225/56: 7453
180/48: 7413, 7402, 7402P, 7451
190/32: 7343
155/32: 7313, 7313P, 7302, 7302P
240/48: 74F3, 7473X, 7F72
240/32: 73F3, 7373X, 7F52
180/16: 72F3, 7F32
155/64: 7452
155/48: 7352
120/24: 7272
155/16: 7262
120/16: 7252, 7251
170/64: 7501
170/48: 7401, 7401P
170/32: 7351, 7351P, 7301, 7281
55/16: 3251`,
  },
  {
    of: /Threadripper/,
    idle: { watts: 60 },
    rows: `
350/192: 9995WX, 7995WX
350/128: 9985WX, 7985WX, 9980X, 7980X
350/64: 9975WX, 7975WX, 9970X, 7970X
350/48: 9965WX, 7965WX, 9960X, 7960X
350/32: 9955WX, 7955WX
350/24: 9945WX, 7945WX
280/128: 5995WX, 3995WX, 3990X
280/64: 5975WX, 3975WX, 3970X
280/48: 5965WX, 3960X
280/32: 5955WX, 3955WX
280/24: 5945WX, 3945WX
250/64: 2990WX
250/48: 2970WX
180/32: 2950X, 1950X
180/24: 2920X, 1920X
180/16: 1900X`,
  },
  {
    // Processors of several dies: the die between them keeps drawing.
    of: /Ryzen/,
    idle: { watts: 22 },
    rows: `
230/32: 7950X
200/32: 9950X, 9950X3D
162/32: 7950X3D
230/24: 7900X
162/24: 9900X, 9900X3D, 7900X3D
88/24: 9900, 7900, 3900
162/16: 9800X3D, 7800X3D
142/16: 7700X, 5800X, 5800X3D, 5800XT, 5700X3D, 3800X, 3800XT, 2700X
88/16: 9700X, 7700, 5700X, 5700, 3700X, 2700, 1700
142/12: 7600X, 5600X3D, 7600X3D
88/12: 9600X, 9600, 7600, 7500F, 5600, 5600T, 3600, 2600, 1600
76/12: 5600X, 5600XT
142/32: 5950X, 5900XT, 3950X
142/24: 5900X, 3900X, 3900XT
128/12: 3600X, 3600XT, 2600X, 1600X
128/16: 1800X, 1700X
88/8: 3300X, 3100, 1500X, 1400
88/6: 3500X, 3500
88/4: 1300X, 1200`,
  },
  {
    of: /Ryzen/,
    idle: { watts: 7 },
    rows: `
88/16: 8700G, 8700F, 5700G, 5700GE, 4750G
88/12: 8600G, 8500G, 8400F, 5600G, 5600GT, 5500, 5500GT, 4650G, 4600G, 4500
88/8: 8300G, 5300G, 4100, 3400G, 2400G
88/4: 3200G, 2200G`,
  },
  {
    // Laptops, small machines and handhelds.
    of: /Ryzen/,
    idle: { watts: 2.5 },
    rows: `
55/32: 9955HX, 9955HX3D, 8945HX, 8940HX, 7945HX, 7945HX3D, 7940HX, AI MAX+ 395
55/24: 9850HX, 7845HX, AI MAX 390
55/16: 7745HX, AI MAX 385
28/24: AI 9 HX 370, AI 9 HX 375
28/20: AI 9 365
28/16: AI 7 360, AI 7 350, 8840HS, 8840U, 7840U, 7735U, 6800U, 6850U
28/12: AI 5 340, 8640HS, 8640U, 7640U, 6600U, 6650U, 6670HS
45/16: 8945HS, 8845HS, 7940HS, 7840HS, 7735HS, 6900HX, 6800H, 5980HX, 5900HX, 5800H, 4800H
45/12: 8645HS, 7640HS, 7535HS, 6600H, 5600H, 4600H
35/16: 6900HS, 6800HS, 5900HS, 5800HS, 4900HS, 4800HS
35/12: 6600HS, 5600HS, 4600HS
15/16: 7730U, 5850U, 5825U, 5800U, 5875U, 5700U, 4800U, 4750U
15/12: 7530U, 5650U, 5675U, 5625U, 5600U, 5560U, 5500U, 4650U, 4600U
15/8: 7520U, 7320U, 5300U, 5400U, 5425U, 4700U, 3700U, 3500U, 2700U, 2500U
15/6: 4500U
15/4: 4300U, 3300U, 3200U, 2300U
35/8: 3750H, 3550H
25/8: V1605B, V1756B
30/16: Z1 Extreme, Z2 Extreme
30/12: Z1`,
  },
  {
    // Server sockets of many cores.
    of: /Xeon/,
    idle: { ofMaxRatio: 0.22 },
    rows: `
500/256: 6980P
500/240: 6979P
500/192: 6972P
500/144: 6960P
350/172: 6787P
350/128: 6767P, Platinum 8592+
330/144: 6780E
250/144: 6766E
225/128: 6756E
330/96: 6747P, Platinum 8558
250/96: 6740E, 6731E
205/64: 6710E, Platinum 8352Y, Gold 6338, Gold 6438Y+
270/64: 6737P, Platinum 8370C, Gold 6430, Gold 6454S, Gold 6530
250/64: 6730P, Platinum 8358, Gold 6548Y+
350/120: Platinum 8490H, Platinum 8580
350/112: Platinum 8480+, Platinum 8480C, Platinum 8481C
350/104: Platinum 8470
385/96: Platinum 8488C
350/96: Platinum 8468, Platinum 8568Y+, Platinum 8559C, Platinum 8573C, Platinum 8581C
350/88: Platinum 8458P
300/72: Platinum 8452Y
300/64: Platinum 8462Y+, Platinum 8375C
350/64: Gold 6458Q
270/80: Platinum 8380
270/76: Platinum 8368
265/64: Platinum 8362
250/72: Platinum 8360Y
240/64: Platinum 8358P
205/56: Platinum 8280, Platinum 8180, Gold 6258R, Gold 6330, Gold 5420+, Gold 5520+
165/56: Platinum 8276, Platinum 8176, Gold 6238R
205/52: Platinum 8270
195/52: Platinum 8272CL
186/52: Platinum 8171M
165/52: Platinum 8170
240/48: Platinum 8175M, Platinum 8275CL
210/48: Platinum 8259CL
205/48: Platinum 8268, Platinum 8168, Gold 6248R
165/48: Platinum 8260, Gold 6240R, Gold 5318Y
150/48: Platinum 8160, Gold 6252, Gold 5220R
240/36: Platinum 8124M
125/32: Platinum 8253, Platinum 8153, Gold 6130, Gold 5218
150/24: Platinum 8158, Gold 6136, Gold 5317, Silver 4410Y, Silver 4510
270/72: Gold 6554S
225/64: Gold 6448Y, Gold 6538Y+
235/56: Gold 6348
185/52: Gold 5320
150/52: Gold 6230R
250/48: Gold 6542Y
230/48: Gold 6342
225/48: Gold 6442Y
185/48: Gold 6336Y, Gold 5418Y, Silver 4516Y+
140/44: Gold 6152, Gold 6238
205/40: Gold 6242R
150/40: Gold 6148, Gold 6248, Silver 4316
125/40: Gold 6138, Gold 6230, Gold 5218R
165/40: Silver 4416+
205/36: Gold 6354
200/36: Gold 6154, Gold 6254
165/36: Gold 6150
150/36: Gold 6240
140/36: Gold 6140
125/36: Gold 5220
270/32: Gold 6444Y
205/32: Gold 6246R, Gold 6346
195/32: Gold 6526Y
185/32: Gold 6326, Gold 6426Y
150/32: Gold 6142, Gold 6242, Gold 6226R, Gold 5416S, Silver 4514Y
135/32: Silver 4314
100/32: Silver 4216
140/28: Gold 6132
105/28: Gold 5120
165/24: Gold 6146, Gold 6246
125/24: Gold 6126, Gold 6226
120/24: Silver 4310
105/24: Gold 5118
100/24: Silver 4214R
85/24: Silver 4116, Silver 4214
150/20: Silver 4410T
100/20: Silver 4210R
85/20: Gold 5115, Gold 5215, Silver 4114, Silver 4210
195/16: Gold 6434, Gold 6534
165/16: Gold 6334, Gold 5515+
150/16: Gold 6244, Gold 5415+
140/16: Gold 5315Y
130/16: Gold 6134
125/16: Silver 4509Y
115/16: Gold 5217
105/16: Silver 4309Y
85/16: Silver 4108, Silver 4110, Silver 4208, Silver 4215
115/12: Gold 6128
105/8: Gold 5122, Gold 5222
85/8: Silver 4112, Bronze 3106, Bronze 3206R
85/6: Bronze 3104, Bronze 3204
125/8: Bronze 3408U, Bronze 3508U
145/44: E5-2699 v4
135/40: E5-2698 v4, E5-2673 v4
145/36: E5-2697 v4, E5-2686 v4, E5-2699 v3
120/36: E5-2695 v4
135/32: E5-2698 v3
120/32: E5-2683 v4
135/28: E5-2690 v4
145/28: E5-2697 v3
120/28: E5-2680 v4, E5-2683 v3
105/28: E5-2660 v4
135/24: E5-2690 v3
130/24: E5-2697 v2
120/24: E5-2680 v3, E5-2670 v3, E5-2676 v3
105/24: E5-2650 v4, E5-2673 v3
135/20: E5-2666 v3
130/20: E5-2690 v2
115/20: E5-2680 v2, E5-2670 v2
105/20: E5-2660 v3, E5-2650 v3
95/20: E5-2660 v2
90/20: E5-2640 v4
85/20: E5-2630 v4
135/16: E5-2667 v4, E5-2690
130/16: E5-2680
115/16: E5-2670
95/16: E5-2660, E5-2650, E5-2650 v2, E5-2640 v2
90/16: E5-2640 v3
85/16: E5-2620 v4, E5-2630 v3
95/12: E5-2640, E5-2620
85/12: E5-2620 v3
80/12: E5-2630 v2, E5-2620 v2`,
  },
  {
    // Workstations and small servers, built like desktop processors.
    of: /Xeon/,
    idle: { watts: 15 },
    rows: `
385/120: w9-3595X
350/112: w9-3495X
300/72: w9-3475X
300/56: w7-3465X
270/48: w7-3455
270/32: w5-3435X
225/48: w7-2495X
225/40: w7-2475X
200/32: w5-2465X
200/24: w5-2455X
165/16: w3-2435
270/76: W-3375
270/64: W-3365
250/48: W-3345
255/56: W-3175X
205/56: W-3275
205/48: W-3265
205/32: W-3245
180/24: W-3235
160/16: W-3225, W-3223
165/36: W-2295
165/28: W-2275
165/24: W-2265
165/20: W-2255
155/16: W-2245
130/12: W-2235
105/8: W-2225
140/36: W-2195
140/28: W-2175
140/20: W-2155
140/16: W-2145
140/12: W-2135, W-2133, E5-1650 v4, E5-1650 v3
140/16: E5-1660 v4, E5-1660 v3
140/8: E5-1620 v4, E5-1620 v3, E5-1630 v4
130/12: E5-1650 v2, E5-1650
95/16: E-2288G, E-2388G, E-2488
80/16: E-2278G, E-2378G, E-2478
65/16: E-2378
95/12: E-2286G, E-2186G
80/12: E-2276G, E-2246G, E-2236, E-2136, E-2176G
65/12: E-2336, E-2436
71/8: E-2234, E-2134
65/8: E-2334
55/8: E-2434
71/4: E-2224, E-2124
65/4: E-2314
84/8: E3-1245 v3, E3-1246 v3
80/8: E3-1230 v5, E3-1240 v5, E3-1245 v5, E3-1270 v5, E3-1230 v3, E3-1231 v3, E3-1240 v3, E3-1241 v3, E3-1270 v3, E3-1271 v3
73/8: E3-1245 v6, E3-1275 v6
72/8: E3-1230 v6, E3-1240 v6, E3-1270 v6
69/8: E3-1230 v2, E3-1240 v2, E3-1270 v2
45/16: D-1541
45/8: D-1521
35/16: D-1537
35/8: D-1518
80/16: D-2146NT
60/8: D-2123IT
46/8: D-1718T`,
  },
  {
    of: /Core|Intel/,
    idle: { watts: 7 },
    rows: `
253/32: i9-14900K, i9-14900KF, i9-14900KS, i9-13900K, i9-13900KF, i9-13900KS
219/32: i9-14900, i9-14900F, i9-13900, i9-13900F
253/28: i7-14700K, i7-14700KF
219/28: i7-14700, i7-14700F
253/24: i7-13700K, i7-13700KF
219/24: i7-13700, i7-13700F
181/20: i5-14600K, i5-14600KF, i5-13600K, i5-13600KF
154/20: i5-14600, i5-14500, i5-13600, i5-13500
148/16: i5-14400, i5-14400F, i5-13400, i5-13400F
110/8: i3-14100, i3-14100F
89/8: i3-13100, i3-13100F, i3-12100, i3-12100F
241/24: i9-12900K, i9-12900KF, i9-12900KS
202/24: i9-12900, i9-12900F
190/20: i7-12700K, i7-12700KF
180/20: i7-12700, i7-12700F
150/16: i5-12600K, i5-12600KF
117/12: i5-12600, i5-12500, i5-12400, i5-12400F
250/24: Ultra 9 285K
250/20: Ultra 7 265K, Ultra 7 265KF
182/20: Ultra 7 265, Ultra 7 265F
159/14: Ultra 5 245K, Ultra 5 245KF
121/10: Ultra 5 225, Ultra 5 225F
125/20: i9-10900K, i9-10900KF, i9-10850K
125/16: i9-11900K, i9-11900KF, i7-11700K, i7-11700KF, i7-10700K, i7-10700KF
125/12: i5-11600K, i5-11600KF, i5-10600K, i5-10600KF
65/20: i9-10900, i9-10900F
65/16: i9-11900, i7-11700, i7-11700F, i7-10700, i7-10700F
65/12: i5-11500, i5-11400, i5-11400F, i5-10500, i5-10400, i5-10400F, i7-8700
65/8: i3-10100, i3-10100F, i7-7700, i7-6700
127/16: i9-9900KS
95/16: i9-9900K, i9-9900KF
95/8: i7-9700K, i7-9700KF, i7-2600K, i7-2600
95/12: i7-8700K, i7-8086K
95/6: i5-9600K, i5-9600KF, i5-8600K
65/6: i5-9500, i5-9400, i5-9400F, i5-8500, i5-8400
65/4: i3-9100, i3-8100, i5-7500, i5-7400, i5-6500, i5-6400
91/8: i7-7700K, i7-6700K
91/4: i5-7600K, i5-6600K
88/8: i7-4790K
84/8: i7-4790, i7-4770, i7-4770K
88/4: i5-4690K
84/4: i5-4690, i5-4670K, i5-4670, i5-4590, i5-4570
77/8: i7-3770K, i7-3770
77/4: i5-3570K, i5-3570, i5-3470
95/4: i5-2500K, i5-2500`,
  },
  {
    // Laptops and small machines.
    of: /Core|Intel/,
    idle: { watts: 2 },
    rows: `
55/32: i9-14900HX, i9-13980HX, i9-13950HX, i9-13900HX
55/28: i7-14700HX
55/24: i7-13700HX, i9-12900HX, Ultra 9 275HX, Ultra 9 285HX
55/20: i7-14650HX, i7-13650HX, Ultra 7 255HX
45/20: i9-13900H, i7-13700H, i7-13800H, i9-12900H, i7-12700H, i7-12800H
45/22: Ultra 9 185H
45/16: Ultra 9 285H, i5-13500H, i7-12650H, i5-12500H, i5-12600H, i9-11900H, i7-11800H, i7-11850H, i9-10980HK, i7-10875H, i9-9980HK, i9-9880H
45/12: i5-13420H, i5-12450H, i5-11400H, i7-10750H, i7-10850H, i7-9750H, i7-9850H, i7-8850H, i7-8750H
45/8: i5-10300H, i5-9300H, i5-8300H, i7-7820HQ, i7-7700HQ, i7-6820HQ, i7-6700HQ
47/8: i7-4810MQ, i7-4800MQ, i7-4710HQ, i7-4700MQ
28/22: Ultra 7 155H, Ultra 7 165H
28/18: Ultra 5 125H, Ultra 5 135H
28/16: Ultra 7 255H, Ultra 7 265H, i7-1360P, i5-1340P, i5-1350P, i7-1260P, i7-1270P, i5-1240P, i5-1250P
28/14: Ultra 5 225H, Ultra 5 235H
28/20: i7-1370P, i7-1280P
15/14: Ultra 7 155U, Ultra 7 165U, Ultra 5 125U, Ultra 5 135U
30/8: Ultra 9 288V
17/8: Ultra 7 258V, Ultra 7 256V, Ultra 7 268V, Ultra 5 226V, Ultra 5 228V
15/12: i7-1355U, i7-1365U, i5-1335U, i5-1345U, i7-1255U, i7-1265U, i5-1235U, i5-1245U, i7-10710U, Core 7 150U, Core 5 120U
15/8: i3-1215U, i7-10510U, i7-10610U, i5-10210U, i5-10310U, i7-1065G7, i5-1035G1, i5-1035G4, i7-8665U, i7-8650U, i7-8565U, i7-8550U, i5-8365U, i5-8350U, i5-8265U, i5-8250U
28/8: i7-1165G7, i7-1185G7, i5-1135G7, i5-1145G7
28/4: i3-1115G4
15/4: i3-8145U, i7-7600U, i7-7500U, i5-7300U, i5-7200U, i7-6600U, i7-6500U, i5-6300U, i5-6200U, i7-5600U, i7-5500U, i5-5300U, i5-5200U, i7-4600U, i7-4500U, i5-4300U, i5-4200U
35/4: i7-3520M, i5-3320M, i5-2520M
15/8: i3-N305
7/8: i3-N300
6/4: N100, N150, N200, N4100, N4120, N3450
15/4: N95, N6005, N5095
12/4: N97, x7425E
10/4: N5105, J4105, J4125, J5005, J3455, J1900
6/2: N4000, N4020, N3350
25/8: C3758
16/4: C3558`,
  },
  {
    of: /Altra|Ampere|Graviton|Neoverse|Grace|ThunderX/,
    idle: { ofMaxRatio: 0.25 },
    rows: `
210/80: Q80-30
180/80: Q80-26
150/64: Q64-30, Q64-24
125/64: Q64-22
250/128: M128-30
190/96: M96-28
400/192: A192-32X
110/64: Graviton2
130/64: Graviton3, Graviton3E
170/96: Graviton4
250/72: Grace
180/128: CN9980`,
  },
  {
    of: /Apple|^M\d/,
    idle: { watts: 0.5 },
    rows: `
20/8: M1
35/10: M1 Pro
40/10: M1 Max
80/20: M1 Ultra
22/8: M2, M3
40/12: M2 Pro
45/12: M2 Max
90/24: M2 Ultra
35/12: M3 Pro
60/16: M3 Max
110/32: M3 Ultra
25/10: M4, M5
45/14: M4 Pro
70/16: M4 Max`,
  },
]

/** Where the exact model is not listed, or hidden by a hypervisor: a typical part of the family. First match counts. */
export const FAMILIES: readonly { of: RegExp; maxW: number; threads: number; idleW: number }[] = [
  { of: /EPYC.*Turin/, maxW: 400, threads: 192, idleW: 110 },
  { of: /EPYC.*Genoa/, maxW: 360, threads: 192, idleW: 100 },
  { of: /EPYC.*Milan/, maxW: 280, threads: 128, idleW: 80 },
  { of: /EPYC.*Rome/, maxW: 225, threads: 128, idleW: 65 },
  { of: /EPYC.*Naples|Opteron/, maxW: 180, threads: 64, idleW: 50 },
  { of: /EPYC/, maxW: 280, threads: 128, idleW: 80 },
  { of: /Threadripper/, maxW: 280, threads: 64, idleW: 60 },
  {
    of: /Ryzen.*\d{3,4}(?:HX|H|HS|U|C|e)?\b.*(?:Mobile|Radeon Graphics)|Ryzen.*\d(?:U|C|e)\b/,
    maxW: 20,
    threads: 12,
    idleW: 2.5,
  },
  { of: /Ryzen.*\d(?:HX|H|HS)\b|Ryzen AI/, maxW: 45, threads: 16, idleW: 3 },
  { of: /Ryzen/, maxW: 100, threads: 16, idleW: 20 },
  { of: /Xeon.*(?:Granite|Sierra)/i, maxW: 400, threads: 172, idleW: 100 },
  { of: /Xeon.*(?:Sapphire|Emerald)/i, maxW: 350, threads: 112, idleW: 80 },
  { of: /Xeon.*Ice ?lake/i, maxW: 250, threads: 64, idleW: 55 },
  { of: /Xeon.*(?:Cascade|Cooper)/i, maxW: 165, threads: 48, idleW: 35 },
  { of: /Xeon.*Skylake/i, maxW: 150, threads: 40, idleW: 33 },
  // QEMU's names of older models (target/i386/cpu.c).
  { of: /Core.*Broadwell|Xeon.*v4\b/, maxW: 120, threads: 28, idleW: 25 },
  { of: /Core.*Haswell|Xeon.*v3\b/, maxW: 120, threads: 24, idleW: 25 },
  { of: /Xeon E3-?12|Xeon E-?2\d{3}|Xeon E3\b/, maxW: 80, threads: 8, idleW: 10 },
  { of: /Xeon/, maxW: 165, threads: 48, idleW: 36 },
  { of: /Atom|Celeron|Pentium.*[NJ]\d{4}|\bN\d{2,3}\b|Intel.*\b[NJ]\d{4}\b/, maxW: 10, threads: 4, idleW: 1.5 },
  { of: /Core.*\d(?:HX|HK|HQ|H)\b/, maxW: 45, threads: 16, idleW: 3 },
  { of: /Core.*\d(?:U|Y|P|V|G\d)\b/, maxW: 18, threads: 10, idleW: 2 },
  { of: /Core.*\dT\b/, maxW: 35, threads: 12, idleW: 6 },
  { of: /Core.*\dK[FS]?\b/, maxW: 125, threads: 16, idleW: 8 },
  { of: /Core.*(?:i[3579]|Ultra)|Core\(TM\)2|Pentium/, maxW: 65, threads: 8, idleW: 7 },
  { of: /AMD (?:FX|A\d)|Athlon|Phenom/, maxW: 90, threads: 6, idleW: 15 },
  { of: /AmpereOne/, maxW: 350, threads: 192, idleW: 85 },
  { of: /Altra|Neoverse-N1/, maxW: 200, threads: 80, idleW: 50 },
  { of: /Graviton|Neoverse/, maxW: 150, threads: 72, idleW: 38 },
  { of: /Snapdragon|X1[EP]/, maxW: 40, threads: 12, idleW: 2 },
  { of: /Apple|VirtualApple/, maxW: 30, threads: 10, idleW: 0.5 },
  { of: /Cortex-A76|Raspberry Pi 5/, maxW: 8, threads: 4, idleW: 2.5 },
  { of: /Cortex-A7\d|Raspberry Pi 4/, maxW: 5, threads: 4, idleW: 2 },
  { of: /Cortex-A[35]\d/, maxW: 3, threads: 4, idleW: 1 },
]
